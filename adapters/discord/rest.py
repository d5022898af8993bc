"""A client that is logged in and has no session: all sending goes through it, in every process.

A token that is not accepted is not shown to Discord again for a while: whoever goes on asking is banned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
from discord import Client, HTTPException, LoginFailure

from adapters.base import Busy
from adapters.discord.calls import SLEEPS_S, TOKEN_PAUSE_S


class Rest:
    """Logs in when it is needed first."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._client: Client | None = None
        self._logging_in = asyncio.Lock()
        self._not_before = 0.0

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        """The client, for one call. Raises Busy while the token is known to be bad, and what the library raises."""
        left_s = self._not_before - asyncio.get_running_loop().time()
        if left_s > 0:
            raise Busy("the token is not accepted", left_s)
        try:
            yield await self._logged_in()
        except (LoginFailure, HTTPException) as error:
            # Tokens of interactions die too, and that says nothing of the bot's own.
            if isinstance(error, LoginFailure) or (error.status == 401 and error.code == 0):
                self._not_before = asyncio.get_running_loop().time() + TOKEN_PAUSE_S
            raise

    async def _logged_in(self) -> Client:
        async with self._logging_in:
            if self._client is None:
                client = Client(intents=discord.Intents(guilds=True), max_ratelimit_timeout=SLEEPS_S)
                try:
                    await client.login(self._token)
                    self._client = client
                finally:
                    if self._client is None:
                        await client.close()
            return self._client

    async def aclose(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None
