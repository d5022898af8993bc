"""Files, out and in: piece by piece, to and from the homeserver's media repository.

https://spec.matrix.org/latest/client-server-api/#content-repository
"""

from __future__ import annotations

import re
from typing import BinaryIO

from adapters.base import Attachment, Busy, File, Refused, call, download
from adapters.matrix.calls import Calls, judge
from adapters.matrix.content import Content, filed, located

MXC = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")
FILE_BYTES = 50_000_000
"""What homeservers take differs; Synapse's own limit is 50 MB unless it is changed."""
DOWNLOAD_BYTES = 200_000_000


async def content_of(calls: Calls, attachment: Attachment) -> Content:
    """The event of a file, uploaded if it is not the homeserver's already. Raises Refused or Busy: an upload shows
    nobody anything."""
    file = attachment.file
    if file.kind == "location":
        return located(file)
    if attachment.content is None:
        if not MXC.fullmatch(file.ref):
            raise Refused("there is no such file")
        return filed(file, file.ref)
    return filed(file, await _upload(calls, file, attachment.content))


async def _upload(calls: Calls, file: File, content: BinaryIO) -> str:
    url = calls.url("/_matrix/media/v3/upload", {"filename": file.name or file.kind})
    headers = {**calls.proof, "Content-Type": file.mime or "application/octet-stream"}
    answer = await call(calls.http, "POST", url, data=content, headers=headers, sends=False, uploads=True)
    judge(answer, _nobody, sends=False)
    mxc = answer.data.get("content_uri")
    if not isinstance(mxc, str) or not MXC.fullmatch(mxc):
        raise Busy("the homeserver does not say where it keeps the file")
    return mxc


async def fetch(calls: Calls, file: File, into: BinaryIO) -> None:
    """Write what somebody sent. Raises Refused or Busy."""
    named = MXC.fullmatch(file.ref)
    if named is None:
        raise Refused("there is nothing to fetch")
    url = calls.url(f"/_matrix/client/v1/media/download/{named[1]}/{named[2]}")
    answer = await download(calls.http, url, into, headers=calls.proof, most_bytes=DOWNLOAD_BYTES)
    if answer.status == 404:
        raise Refused("the homeserver does not keep the file any more")
    judge(answer, _nobody, sends=False)


def _nobody(trouble: str) -> None:
    """A file that does not come is no trouble of the channel."""
