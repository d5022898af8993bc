"""The words of the pages people work in: a customer's chat and the agents' desk. Short labels, in one place each."""

from __future__ import annotations

import math

from bot.case import Case, CaseState
from bot.light import Light
from bot.words.languages import Language
from bot.words.times import short_duration


def chat_labels(language: Language) -> dict[str, str]:
    """The fixed texts of the chat by the name the page knows them by; {placeholders} in braces are filled there."""
    say = language.say
    return {
        "conversation": say("Conversation"),
        "hello": say("Write to us here. A human answers, and this page tells you how long that takes."),
        "write": say("Write a message"),
        "send": say("Send"),
        "name": say("Your name (optional)"),
        "attach": say("Attach a file"),
        "remove": say("Remove {name}", name="{name}"),
        "you": say("You"),
        "typing": say("An answer is being written …"),
        "offline": say("No connection. What you write is kept here and sent as soon as it is back."),
        "failed": say("Not sent: {reason}", reason="{reason}"),
        "sending": say("Sending …"),
        "slow": say("You write faster than we can take it: this is sent in a moment."),
        "too_large": say("{name} is too large", name="{name}"),
        "full": say("There is no room for {name} any more", name="{name}"),
        "edited": say("edited"),
        "deleted": say("This message was deleted"),
        "unread": say("New messages"),
        "automatic": say("Automatic"),
        "cookies": say("Your browser keeps no cookie of this page: allow cookies, and open it by https."),
        "script": say("This chat needs JavaScript."),
    }


def desk_labels(language: Language) -> dict[str, str]:
    """The fixed texts of the desk, like those of the chat."""
    say = language.say
    return {
        "desk": say("Desk"),
        "queues": say("Queues"),
        "cases": say("Cases"),
        "waiting": say("Waiting"),
        "mine": say("Yours"),
        "others": say("Others"),
        "nobody": say("Nobody is waiting"),
        "none": say("None"),
        "choose": say("Choose a case, or take the next one."),
        "claim": say("Claim"),
        "next": say("Take the next"),
        "release": say("Release"),
        "close": say("Close"),
        "resend": say("Send again"),
        "reply": say("Reply"),
        "note": say("Note"),
        "send": say("Send"),
        "write": say("Write a reply; / for commands"),
        "write_note": say("Write a note that only agents see"),
        "attach": say("Attach a file"),
        "remove": say("Remove {name}", name="{name}"),
        "go_on": say("Go on duty"),
        "go_off": say("Go off duty"),
        "sign_out": say("Sign out"),
        "customer": say("Customer"),
        "typing": say("The customer is writing …"),
        "no_name": say("no name"),
        "due": say("promised in {time}", time="{time}"),
        "overdue": say("promised {time} ago", time="{time}"),
        "since": say("waiting for {time}", time="{time}"),
        "public": say("Public: everybody reads your replies"),
        "until": say("can be answered until {time}", time="{time}"),
        "held_by": say("held by {name}", name="{name}"),
        "delivered": say("delivered"),
        "sending": say("Sending …"),
        "not_delivered": say("Not delivered"),
        "gone": say("The customer has blocked us or left."),
        "reaction": say("reacted with {emoji}", emoji="{emoji}"),
        "offline": say("No connection: what you see may be old."),
        "too_large": say("{name} is too large", name="{name}"),
        "shortcuts": say("Keys"),
        "key_move": say("choose a case"),
        "key_claim": say("claim or take the next"),
        "key_reply": say("write a reply"),
        "key_note": say("write a note"),
        "key_close": say("close the case"),
        "key_release": say("release the case"),
        "key_help": say("show the keys"),
        "answered": say("answered"),
        "closed": say("closed"),
        "abandoned": say("abandoned"),
        "claimed": say("claimed"),
        "state_waiting": say("waiting"),
        "signing_in": say("Sign in to the desk"),
        "enter": say("Sign in"),
        "ask_link": say(
            "To sign in, ask for a link: write /desk to the bot where you answer customers, or have the operator run "
            "jono agent link NAME."
        ),
        "confirm": say("This link is for you alone, and works once."),
        "link_dead": say("This link was used or is too old; ask for a new one."),
        "script": say("The desk needs JavaScript."),
    }


def agents_on_duty(language: Language, n: int) -> str:
    """How many agents are there for a queue."""
    return language.count("{n} agent on duty", "{n} agents on duty", n)


def own_wait(language: Language, case: Case, now: float) -> dict[str, str]:
    """How it stands with a customer's own case, at the top of their chat; `now` is the desk's time."""
    say = language.say
    if case.state is CaseState.CLAIMED:
        return _sign("open", say("Somebody is answering you"))
    due_at = max((promise.due_at for promise in case.promises), default=None)
    if due_at is not None and due_at > now:
        left_s = math.ceil((due_at - now) / 60) * 60
        return _sign(
            "open", say("You are in the queue"), say("Reply within"), short_duration(language, left_s)
        )
    if case.late_since is not None:
        return _sign(
            "busy", say("You are in the queue"), say("It takes longer than we told you; we are sorry")
        )
    return _sign("unknown", say("You are in the queue"), say("We cannot say yet how long it takes"))


def _sign(light: Light, state: str, caption: str = "", figure: str = "") -> dict[str, str]:
    return {"light": light, "state": state, "caption": caption, "figure": figure, "note": ""}
