"""Channels between which files are carried, and a store that keeps one secret, for tests that need no other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import BinaryIO

from adapters.base import File, Limits, Outgoing, Post, Undelivered
from bot.store.seal import SealStore
from tests.fakes.desk import Platform


class Kept(SealStore):
    """A secret in memory."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self._kept: dict[str, bytes] = {}

    async def secret(self, queue: str, fresh: bytes, name: str = "seal") -> bytes:
        """The first one that was given."""
        self.asked.append((queue, name))
        return self._kept.setdefault(name, fresh)


class Source(Platform):
    """A channel that gives the files in `files`, or raises what stands there; not before `opened` is set."""

    def __init__(self, files: Mapping[str, bytes | Undelivered]) -> None:
        super().__init__()
        self.limits = Limits(1_000, resend_is_safe=True, file_bytes=10_000_000)
        self.files = files
        self.opened = asyncio.Event()
        self.opened.set()

    async def fetch(self, file: File, into: BinaryIO) -> None:
        """In pieces."""
        await self.opened.wait()
        found = self.files[file.ref]
        if isinstance(found, Undelivered):
            raise found
        for at in range(0, len(found), 1_000):
            into.write(found[at : at + 1_000])


class Sink(Platform):
    """A channel that reads what it is sent, and keeps the open files to look at later."""

    def __init__(self, file_bytes: int = 10_000_000) -> None:
        super().__init__()
        self.limits = Limits(1_000, resend_is_safe=True, file_bytes=file_bytes)
        self.read: list[bytes] = []
        self.held: list[BinaryIO] = []

    async def send(self, outgoing: Outgoing) -> str:
        """Read, then fail where that is planned."""
        assert isinstance(outgoing, Post)
        for one in outgoing.attachments:
            if one.content is not None:
                assert one.content.tell() == 0
                self.read.append(one.content.read())
                self.held.append(one.content)
        return await super().send(outgoing)
