"""The commands as help shows them: what each does, in the reader's language, and the rows of a list.

Names and argument forms ("/claim [CASE]") are the same in every language and on every channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from adapters.base import CommandHelp
from bot.words.languages import Language


@cache
def customer_summary(language: Language, command: str) -> str:
    """What a customers' command does. Raises KeyError for one that does not exist."""
    say = language.say
    return {
        "start": say("say hello and see the wait"),
        "wait": say("how long you will wait, and your place in the queue"),
        "cancel": say("give up your case"),
        "language": say("choose the language of automatic messages"),
        "help": say("this list"),
    }[command]


@cache
def desk_summary(language: Language, command: str) -> str:
    """What an agents' command does. Raises KeyError for one that does not exist."""
    say = language.say
    return {
        "queue": say("the cases that wait, the oldest first"),
        "claim": say("take a case"),
        "next": say("take the case that has waited longest"),
        "release": say("put a case back into the queue"),
        "reply": say("answer the customer"),
        "note": say("write a note that only agents see"),
        "transfer": say("hand a case to another queue"),
        "invite": say("send the customer a link to continue on another channel"),
        "close": say("finish a case"),
        "on": say("go on duty"),
        "off": say("go off duty and give back the cases you hold"),
        "wait": say("the wait that customers are told now"),
        "incident": say("announce that more agents come for a time, or take it back"),
        "resend": say("send a message again that did not arrive"),
        "desk": say("a link that opens the desk in your browser"),
        "help": say("this list"),
    }[command]


@cache
def command_name(language: Language, command: str) -> str:
    """What a command is called where platforms translate names: lower case, no spaces. Raises KeyError for one that
    does not exist."""
    say = language.say
    return {
        "queue": say("queue"),
        "claim": say("claim"),
        "next": say("next"),
        "release": say("release"),
        "reply": say("reply"),
        "note": say("note"),
        "transfer": say("transfer"),
        "invite": say("invite"),
        "close": say("close"),
        "on": say("on"),
        "off": say("off"),
        "wait": say("wait"),
        "incident": say("incident"),
        "resend": say("resend"),
        "desk": say("desk"),
        "start": say("start"),
        "cancel": say("cancel"),
        "language": say("language"),
        "help": say("help"),
    }[command]


def command_rows(commands: Iterable[CommandHelp], for_agents: bool) -> list[str]:
    """One line each for the agents' or the customers' commands: "/claim [CASE] – take a case"."""
    return [
        f"/{command.name} {command.arguments}".rstrip() + f" – {command.summary}"
        for command in commands
        if command.for_agents is for_agents
    ]
