"""The site chat: customers with nothing but a browser, on a page that the bot itself serves at `/chat/<channel>`.

A browser is told apart by a secret cookie; the conversation's name is a digest of it, so that nobody who reads a log or
the store can take its place. What the bot says is put into the conversation's box, from where the page shows it.
Agents who work in a browser get their answers the same way: see `bot.web.desk`.

Invariant: a file or a message belongs to the browser that sent it, and is shown to that one only.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from adapters.base import (
    Arrival,
    Attachment,
    CommandAnswer,
    CustomerMessage,
    EditOut,
    EventOut,
    File,
    Finding,
    Inbox,
    Limits,
    Malformed,
    MessageOut,
    Outgoing,
    Person,
    Receipt,
    Refused,
    Tools,
    Untrusted,
    read_files,
    read_id,
    read_object,
    read_text,
)

SECRET = "[0-9a-f]{64}"
"""A visitor's cookie: 256 bits."""
NAME_CHARS, LANGUAGE_CHARS = 200, 35
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Options:
    """The largest file a visitor may send, in bytes; 0 takes none."""

    file_bytes: int = 5_000_000


class Web:
    """One site chat."""

    wants_events = False

    def __init__(self, options: Options, tools: Tools) -> None:
        self._tools = tools
        self.limits = Limits(
            text_chars=16_000, resend_is_safe=True, file_bytes=options.file_bytes, hears_refusals=True
        )
        # Only HTTPS, only this host, for all paths: https://datatracker.ietf.org/doc/html/rfc6265bis section 4.1.3.2
        self.cookie = f"__Host-jono-{tools.name}"
        # Read by itself: what other programs of the host put into their cookies may be unreadable.
        self._secret = re.compile(rf"(?:^|;\s*){self.cookie}=({SECRET})(?:;|$)")

    # --- from the page -------------------------------------------------------------------------------------

    def visitor(self, headers: Mapping[str, str]) -> str:
        """The conversation of a browser. Raises Untrusted."""
        found = self._secret.search(headers.get("Cookie", ""))
        if found is None:
            raise Untrusted("the browser sent no cookie of ours: open the chat again, with cookies allowed")
        return hashlib.sha256(found[1].encode()).hexdigest()[:32]

    def accept(self, headers: Mapping[str, str], body: bytes, now: float) -> list[Arrival]:
        """What the page posted: {"id", "text", "name"?, "language"?, "queue"?, "files"?}. Raises Untrusted or
        Malformed."""
        conversation = self.visitor(headers)
        data = read_object(body)
        message_id, text = read_id(data), read_text(data, "text").strip()
        files = read_files(data, conversation)
        if not text and not files:
            raise Malformed("text: is empty, and there are no files")
        customer = Person(
            conversation,
            read_text(data, "name").strip()[:NAME_CHARS],
            read_text(data, "language")[:LANGUAGE_CHARS],
        )
        return [
            CustomerMessage(
                f"{conversation}-{message_id}",
                conversation,
                customer,
                text,
                queue=read_text(data, "queue") or None,
                files=files,
                ref=message_id,
            )
        ]

    def shown(self, message: CustomerMessage, at: float) -> Mapping[str, Any]:
        """What the visitor wrote, for their other windows."""
        return {
            "at": at,
            "kind": "message",
            "id": message.ref,
            "text": message.text,
            "files": [_shown(file) for file in message.files],
        }

    async def listen(self, inbox: Inbox) -> None:
        """The page posts; there is nothing to listen to."""
        await asyncio.Event().wait()

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """Write a file that somebody sent in the chat. Raises Refused."""
        into.write(await self._content(file))

    async def _content(self, file: File) -> bytes:
        """What the box holds whole; `file_bytes` bounds it."""
        content = await self._tools.mailbox.file(file.ref)
        if content is None:
            raise Refused("the file is not kept any more")
        return content

    async def check(self) -> list[Finding]:
        """Whether browsers find us, and keep our cookies."""
        what, address = "the address of chat and desk", urlsplit(self._tools.hook_url)
        if not address.scheme:
            wrong = (
                "server.public_url is empty: agents get no link by /desk; set it to where browsers reach us"
            )
            return [Finding(what, wrong)]
        if address.scheme != "https" and address.hostname not in LOCAL:
            return [
                Finding(
                    what, "browsers keep our cookies over https only: make server.public_url an https:// one"
                )
            ]
        return [Finding(what)]

    # --- to the page ---------------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> str:
        """Put it into the box of whoever is to see it. Raises Refused."""
        match outgoing:
            case MessageOut(key=key, conversation_id=box):
                return await self._put(box, key, await self._message(outgoing))
            case EditOut(key=key, conversation_id=box, message_id=message_id, text=text):
                return await self._put(box, key, {"kind": "edit", "id": message_id, "text": text})
            case CommandAnswer(key=key, answer_to=box, command_id=command_id, text=text):
                about = {"id": command_id, "ok": outgoing.ok, "case": outgoing.case_id}
                return await self._put(box, key, {"kind": "answer", "text": text, **about})
            case Receipt(key=key, place=box, ref=ref, fate=fate):
                return await self._put(box, key, {"kind": "receipt", "id": ref, "fate": fate})
            case EventOut(key=key):
                return key
        raise Refused("there is no place for it in a site chat")

    async def _put(self, box: str, key: str, item: Mapping[str, Any]) -> str:
        return await self._tools.mailbox.put(box, key, {"at": self._tools.now(), **item})

    async def _message(self, message: MessageOut) -> Mapping[str, Any]:
        files = [await self._kept(message.conversation_id, one) for one in message.attachments]
        return {"kind": message.kind, "text": message.text, "files": files}

    async def _kept(self, box: str, attachment: Attachment) -> Mapping[str, Any]:
        """A file that the visitor may fetch: what came from elsewhere, or from an agent's browser, is kept here."""
        file = attachment.file
        if file.kind == "location":
            return _shown(file)
        sent = attachment.content
        content = await self._content(file) if sent is None else sent.read()
        ref = await self._tools.mailbox.keep_file(box, content)
        return {**_shown(file), "ref": ref, "size": len(content)}

    def invitation(self, payload: str) -> str:
        """The chat's page, where the code stands written and waits to be sent. It stands behind a `#`: no log of any
        proxy has it. "" where we have no public address. Pure."""
        name, hook = self._tools.name, self._tools.hook_url
        chat = f"{hook.removesuffix(f'/hooks/{name}')}/chat/{name}" if hook else ""
        if payload:
            return f"{chat}#start={payload}" if chat else ""
        return self._tools.contact or chat

    async def show_typing(self, conversation_id: str, ref: str) -> None:
        """Show that an answer is being written."""
        await self._tools.mailbox.show(conversation_id, "typing")

    async def aclose(self) -> None:
        """Nothing was opened."""


def _shown(file: File) -> dict[str, Any]:
    return {
        "ref": file.ref,
        "kind": file.kind,
        "name": file.name or file.text,
        "mime": file.mime,
        "size": file.size_bytes,
    }


def open_channel(options: Options, tools: Tools) -> Web:
    """The chat is there as long as the bot is."""
    return Web(options, tools)
