"""What an operator tells of an account and its app."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from adapters.base import BadOptions, each, examine_address

OFFICIAL = "https://api.x.com"


@dataclass(frozen=True, slots=True)
class Options:
    """`consumer_secret`: signs pushes; several during rotation, the new one first. `account`, `handle`: the id and the
    name of ours. `consumer_key`, `access_token`, `access_secret`: prove our calls; or else `token`, one of OAuth 2.0,
    which ends after two hours. `keywords`: what is taken in though it is not addressed to us. `app_id`: of the app, to
    know replies from X's own inbox. `acknowledge`: "quota" or "never". `profile`: whether banner and bio show the
    wait."""

    consumer_secret: str | tuple[str, ...] = field(repr=False)
    account: str
    handle: str
    consumer_key: str = ""
    access_token: str = field(default="", repr=False)
    access_secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    keywords: tuple[str, ...] = ()
    app_id: str = ""
    acknowledge: Literal["quota", "never"] = "quota"
    profile: bool = False
    api_base: str = OFFICIAL


def examine(options: Options, hook_url: str) -> None:
    """Raises BadOptions when an option cannot work, or X would not push to `hook_url`."""
    secrets = each(options.consumer_secret)
    if not secrets or not all(map(_is_word, secrets)):
        raise BadOptions("consumer_secret", "is none; X's console shows it as the app's API key secret")
    if not re.fullmatch(r"[0-9]{1,20}", options.account):
        raise BadOptions(
            "account", "is no id of an account; it is the number before the “-” of the access token"
        )
    if not re.fullmatch(r"@?\w{1,15}", options.handle, re.ASCII):
        raise BadOptions("handle", "is no name of an account, such as @acme")
    if not all(options.keywords):
        raise BadOptions("keywords", "must be a list of words, none of them empty")
    if options.app_id and not options.app_id.isdecimal():
        raise BadOptions("app_id", "is no id of an app; X's console shows it, a number")
    if options.acknowledge not in ("quota", "never"):
        raise BadOptions("acknowledge", 'must be "quota" or "never"')
    _examine_proof(options)
    examine_address("api_base", options.api_base)
    if options.api_base == OFFICIAL and not re.match(r"https://[^/:]+/", hook_url):
        raise BadOptions(
            "adapter", 'is "x", and X pushes only to https:// without a port: see server.public_url'
        )


def _examine_proof(options: Options) -> None:
    keys = {name: getattr(options, name) for name in ("consumer_key", "access_token", "access_secret")}
    if options.token:
        keys = {"token": options.token}
    for name, value in keys.items():
        if not _is_word(value):
            raise BadOptions(name, "is none; X's console makes it, under keys and tokens of the app")
    if options.profile and options.token:
        raise BadOptions("profile", "needs consumer_key, access_token and access_secret instead of token")


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != ""
