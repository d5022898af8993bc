"""Answers to interactions: by their own token, from any process, for a quarter of an hour.

The answer takes the place of "thinking" by an edit, so that one whose fate is unknown can be sent again.
"""

from __future__ import annotations

from typing import Any

from discord import Client, MessageFlags, Webhook, WebhookType
from discord.http import handle_message_parameters
from discord.webhook.async_ import async_context

from adapters.base import Refused
from adapters.discord.room import NO_MENTIONS
from adapters.discord.text import cut


async def answer(client: Client, answer_to: str, text: str) -> str:
    """Answer; only whoever asked sees it."""
    return await _put(_hook(client, answer_to), text)


async def answer_on(client: Client, answer_to: str, text: str) -> str:
    """Answer, below what was answered before: a long answer comes in parts."""
    hook = _hook(client, answer_to)
    assert hook.token is not None
    first = await async_context.get().get_original_interaction_response(
        hook.id, hook.token, session=hook.session
    )
    if first.get("flags", 0) & MessageFlags.loading.flag or first["content"] == cut(text):
        return await _put(hook, text)
    further = await hook.send(cut(text), ephemeral=True, wait=True, allowed_mentions=NO_MENTIONS)
    return str(further.id)


async def _put(hook: Webhook, text: str) -> str:
    """The library can do this for an interaction only, which another process may have got."""
    assert hook.token is not None
    with handle_message_parameters(content=cut(text), allowed_mentions=NO_MENTIONS) as given:
        put = await async_context.get().edit_original_interaction_response(
            hook.id,
            hook.token,
            session=hook.session,
            payload=given.payload,
            multipart=given.multipart,
            files=given.files,
        )
    return str(put["id"])


def _hook(client: Client, answer_to: str) -> Webhook:
    application_id, _, token = answer_to[1:].partition(":")
    if not application_id.isdecimal():
        raise Refused("no such interaction")
    # What the library makes of an interaction itself; a partial webhook may not send what one person alone sees.
    data: Any = {"id": application_id, "type": WebhookType.application.value, "token": token}
    return Webhook.from_state(data=data, state=client._connection)
