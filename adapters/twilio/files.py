"""Files that go out: Twilio fetches each from an address, by GET and HEAD.

https://www.twilio.com/docs/messaging/guides/accepted-mime-types and
https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.base import Attachment, Refused

MEDIA_BYTES, MMS_BYTES, PICTURE_BYTES = 16_000_000, 5_000_000, 5_000_000
"""The most that WhatsApp and RCS carry; that MMS carries; and of a picture, everywhere."""


def form_of(attachment: Attachment, conversation: str) -> Mapping[str, str]:
    """What a message to this customer says of a file; a location is a link to a map. Raises Refused."""
    file = attachment.file
    if file.kind == "location":
        return {"Body": file.text}
    if not attachment.url:
        raise Refused(
            "Twilio takes files from public addresses only: set server.public_url to an https:// one, or send a link"
        )
    most = MEDIA_BYTES if ":" in conversation else MMS_BYTES
    if file.kind == "photo":
        most = min(most, PICTURE_BYTES)
    if (file.size_bytes or 0) > most:
        raise Refused(f"the file is larger than the {most // 1_000_000} MB that Twilio takes: send a link")
    return {"MediaUrl": attachment.url}
