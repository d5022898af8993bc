"""Files: fetched with the bot's token, and sent in three steps, of which only the last one shows them.

https://docs.slack.dev/messaging/working-with-files
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from adapters.base import Attachment, Busy, File, Refused, call, download
from adapters.slack.calls import Calls

FILE_BYTES = 100_000_000
"""Slack takes a gigabyte; what is larger than this is not carried on."""
SPOOLED_BYTES = 1_000_000
HOST = "files.slack.com"


async def fetch(calls: Calls, file: File, into: BinaryIO) -> None:
    """Write what somebody sent here. Raises Refused or Busy."""
    address = file.ref if "://" in file.ref else await _address(calls, file.ref)
    if not _is_slacks(calls, address):
        raise Refused("there is nothing to fetch")
    answer = await download(calls.http, address, into, headers=calls.proof, most_bytes=FILE_BYTES)
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status in (404, 410):
        raise Refused("the file is not there any more")
    # Without the right Slack shows its page for signing in, as a redirect or as the file.
    page = answer.headers.get("Content-Type", "").startswith("text/html") and "html" not in file.mime
    if answer.status != 200 or page:
        raise Refused("the app lacks the right files:read, or may not see the file")


async def share(calls: Calls, channel: str, thread: str, attachments: Sequence[Attachment]) -> str:
    """Send files as one message; gives the id of the first one. Raises Refused, Busy or Uncertain."""
    kept = [await _kept(calls, one) for one in attachments]
    where = {"channel_id": channel} | ({"thread_ts": thread} if thread else {})
    shared = {"files": kept, **where}
    done = await calls.post("files.completeUploadExternal", shared)
    files = done.get("files")
    first = files[0] if isinstance(files, list) and files else {}
    return str(first.get("id") or kept[0]["id"])


async def _kept(calls: Calls, one: Attachment) -> dict[str, str]:
    """Bring one file to Slack, where nobody sees it yet."""
    if one.content is not None:
        return await _uploaded(calls, one.file, one.content, one.file.size_bytes or 0)
    with tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as own:
        content = cast(BinaryIO, own)
        await fetch(calls, one.file, content)
        size_bytes = own.tell()
        own.seek(0)
        return await _uploaded(calls, one.file, content, size_bytes)


async def _uploaded(calls: Calls, file: File, content: BinaryIO, size_bytes: int) -> dict[str, str]:
    name = file.name or file.kind
    told = await calls.ask("files.getUploadURLExternal", filename=name, length=str(size_bytes))
    address, file_id = str(told.get("upload_url", "")), str(told.get("file_id", ""))
    if not file_id or not _is_slacks(calls, address):
        raise Refused("Slack does not say where to put the file")
    # Nobody sees what is put there until the upload is completed: so it is never uncertain.
    answer = await call(calls.http, "POST", address, data=content, sends=False, uploads=True)
    if answer.status != 200:
        raise Busy(f"the upload is answered with HTTP {answer.status}")
    return {"id": file_id, "title": name}


async def _address(calls: Calls, file_id: str) -> str:
    """Where a file is that came by its id alone."""
    told = await calls.ask("files.info", file=file_id)
    file: Any = told.get("file")
    return str(file.get("url_private_download") or file.get("url_private")) if isinstance(file, dict) else ""


def _is_slacks(calls: Calls, address: str) -> bool:
    """Whether the token may be shown there: nowhere but at Slack's own, as what customers send names addresses."""
    there, api = urlsplit(address), urlsplit(calls.base)
    if (there.scheme, there.netloc) == (api.scheme, api.netloc):
        return True
    return there.scheme == "https" and there.netloc == HOST
