"""What is decided: a case, something that happened, and what follows. Pure: no clock, no store, no words.

`decide` gives a Decision, to be committed whole, or a Refusal, to be told to whoever asked. It never knows who may
do what (that is `bot.desk`) nor how a message reads (that is `bot.words`).

Invariants: a case has an owner while it is claimed and none while it waits; a turn that began is answered, left
or still open, once; every promise told is judged once or, when the customer leaves before it is due, never.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, assert_never

from bot import bodies
from bot.case import Case, CaseState, changed
from bot.events import (
    Act,
    Adopted,
    AgentsAct,
    Answered,
    Changed,
    Claim,
    Close,
    Corrected,
    Decision,
    Due,
    Event,
    Failed,
    GaveUp,
    GoesOn,
    Invited,
    LaterEvent,
    Note,
    Observed,
    Policy,
    Reacted,
    Refusal,
    Release,
    Remark,
    Reply,
    Spoke,
    Told,
    Transfer,
    Wrote,
)
from status.model import Happened
from status.promise import clearly_worse, judge, warn_at

RECHECK_S = 60.0
"""A promise that looks endangered is looked at again no sooner than this."""
FREE: Mapping[str, Any] = {"agent": None, "agent_name": "", "lease_until": None, "outside": False}
"""How a case is that nobody holds."""
PROMISES_KEPT = 8
"""So many unjudged promises a case holds; a customer who asks more often than that replaces the oldest."""


def decide(case: Case | None, event: Event, policy: Policy) -> Decision | Refusal:
    """What follows from `event` for `case` (None: the conversation has no open case)."""
    match event:
        case Wrote() if case is not None and case.messages >= event.messages_at_most:
            return Refusal("full")
        case Wrote():
            decision = _opened(event, policy) if case is None else _wrote(case, event, policy)
        case Adopted():
            decision = _adopted(event, policy) if case is None else _merged(case, event, policy)
        case _ if case is None:
            return Refusal("no_such_case")
        case _ if not case.is_open and not (case.ended and isinstance(event, Remark)):
            return Refusal("ended")
        case _:
            refusal = _barred(case, event)
            if refusal is not None:
                return refusal
            decision = _followed(case, event, policy)
    return _finished(decision, _version(case, event), event.at, policy)


def _version(case: Case | None, event: Event) -> int:
    """The version that was decided on. It goes on in another queue: ids of messages are made from it."""
    if case is not None:
        return case.version
    return event.source.version if isinstance(event, Adopted) else 0


def _followed(case: Case, event: LaterEvent, policy: Policy) -> Decision:
    """What follows for an open case that may change."""
    match event:
        case Claim() | Release() | Reply() | Note() | Transfer() | Close():
            return _acted(case, event, policy)
        case Answered():
            return _answered_outside(case, event, policy)
        case Changed() | Reacted() | Failed() | Corrected() | GoesOn() | Invited():
            return bodies.remark(case, event)
        case GaveUp():
            return _gave_up(case, event, policy)
        case Spoke():
            return Decision(changed(case, customer=replace(case.customer, language=event.language)))
        case Told():
            return _told(case, event)
        case Due():
            return _due(case, event, policy)
        case _:
            assert_never(event)


def _finished(decision: Decision, version: int, at: float, policy: Policy) -> Decision:
    """The decision with the case's next version and its timer."""
    after = decision.after
    if after.version != version + 1:
        after = changed(after, version=version + 1)
    timer_at = _timer(after, at, policy)
    if after is decision.after and timer_at is None:
        return decision
    return replace(decision, after=after, timer_at=timer_at)


def _timer(case: Case, at: float, policy: Policy) -> float | None:
    """When to look at the case again, if nothing happens before."""
    if not case.is_open:
        return None
    if case.state is CaseState.ANSWERED:
        return case.active_at + policy.close_after_s
    moments = [promise.due_at for promise in case.promises]
    if case.state is CaseState.CLAIMED and case.lease_until is not None:
        moments.append(case.lease_until)
    if case.state is CaseState.WAITING and not case.warned:
        # Half of what is left, so that a long wait is not looked at every minute.
        moments += [
            max(warn_at(promise), at + max(RECHECK_S, (promise.due_at - at) / 2)) for promise in case.promises
        ]
    return min(moments, default=None)


# --- the customer ------------------------------------------------------------------------------------------


def _opened(event: Wrote, policy: Policy) -> Decision:
    case = Case(
        id=event.new_id,
        queue=event.queue,
        channel=event.channel,
        conversation_id=event.conversation_id,
        customer=event.customer,
        opened_at=event.at,
        turn_at=event.at,
        active_at=event.at,
        messages=1,
        public=event.ref if event.public else "",
        quiet=event.quiet,
        version=1,
    )
    return Decision(
        case,
        said=(bodies.by_customer(event),),
        out=_acknowledgement(case, event) + bodies.news_of(case, "case.opened", event.at, policy),
        observations=(Observed("arrived", event.at),),
        counts={"arrived": 1},
    )


def _wrote(case: Case, event: Wrote, policy: Policy) -> Decision:
    """A further message: part of an open turn, or the start of a new one."""
    case = changed(bodies.heard(case, event), messages=case.messages + 1, active_at=event.at)
    said = (bodies.by_customer(event),)
    if case.turn_at is not None:
        return Decision(case, said=said)
    turn = _begun(changed(case, turn_at=event.at), event.at, policy)
    return replace(turn, said=said, out=_acknowledgement(turn.after, event) if turn.after.queued else ())


def _begun(case: Case, at: float, policy: Policy) -> Decision:
    """A new turn of a known case: for the agent who holds it, or into the line."""
    case = changed(case, warned=False, late_since=None, queued=case.agent is None, state=CaseState.WAITING)
    if case.agent is not None:
        lease = None if case.outside else at + policy.claim_lease_s
        case = changed(case, state=CaseState.CLAIMED, lease_until=lease)
    return Decision(
        case,
        observations=(Observed("arrived", at, case.agent or "", queued=case.queued),),
        counts={"arrived": 1},
    )


def _gave_up(case: Case, event: GaveUp, policy: Policy) -> Decision:
    ended = _ended(case, event.at, CaseState.ABANDONED, policy, case.agent or "")
    return replace(ended, said=(bodies.gone(event),)) if event.blocked else ended


def _told(case: Case, event: Told) -> Decision:
    """What was told is a promise until it is judged; the same words said again promise nothing new."""
    # Where the case has gone on with them elsewhere meanwhile, they are somebody else there.
    customer = event.customer if event.customer and event.customer.id == case.customer.id else case.customer
    promises = case.promises
    if event.promise is not None and all(known.due_at != event.promise.due_at for known in promises):
        promises = (*promises, event.promise)[-PROMISES_KEPT:]
    return Decision(changed(case, customer=customer, promises=promises))


def _acknowledgement(case: Case, event: Wrote) -> tuple[Mapping[str, Any], ...]:
    if event.from_robot or event.quiet:
        return ()
    return (bodies.acknowledgement(case, event),)


# --- agents ------------------------------------------------------------------------------------------------


def _barred(case: Case, event: LaterEvent) -> Refusal | None:
    """Somebody else's case, one that must be held first, or words for a turn that is over."""
    match event:
        case Told():
            return None if case.turn_at == event.turn_at else Refusal("answered")
        case GoesOn():
            # Somebody else was led away from there by the same link.
            return None if event.left == f"{case.channel}/{case.conversation_id}" else Refusal("elsewhere")
        case Release() if case.agent is None:
            return Refusal("not_held")
        case Claim() | Release() | Reply() | Invited() | Transfer() | Close():
            other = case.agent is not None and case.agent != event.agent
            return Refusal("already_claimed", by=case.agent_name) if other else None
        case _:
            return None


def _acted(case: Case, act: AgentsAct, policy: Policy) -> Decision:
    match act:
        case Claim():
            return _claimed(case, act, policy)
        case Release():
            return _released(case, act.at)
        case Reply():
            return _replied(case, act, policy)
        case Note():
            return Decision(case, said=(bodies.by_agent(act, "note"),))
        case Transfer():
            return _handed_over(case, act)
        case Close():
            closed = _ended(case, act.at, CaseState.CLOSED, policy, act.agent)
            return replace(closed, said=(bodies.note(act, act.note),) if act.note else ())
        case _:
            assert_never(act)


def _claimed(case: Case, act: Act, policy: Policy) -> Decision:
    state = CaseState.ANSWERED if case.turn_at is None else CaseState.CLAIMED
    outside = isinstance(act, Claim) and act.outside
    lease = None if outside else act.at + policy.claim_lease_s
    held = changed(
        case, state=state, agent=act.agent, agent_name=act.name, lease_until=lease, outside=outside
    )
    if case.agent is not None:
        return Decision(held)
    out = bodies.news_of(held, "case.claimed", act.at, policy)
    return Decision(held, out=out, observations=(_taken(case, act),))


def _taken(case: Case, act: Act) -> Observed:
    """What nobody held is somebody's now."""
    in_line = case.turn_at is not None and case.queued
    return Observed("claimed", act.at, act.agent, _waited_s(case, act.at), in_line)


def _waited_s(case: Case, at: float) -> float | None:
    """How long the turn has lasted; None while nothing is unanswered."""
    return None if case.turn_at is None else max(0.0, at - case.turn_at)


def _released(case: Case, at: float) -> Decision:
    """Back to the queue; the turn's start, and with it the old position, stays."""
    in_line = case.turn_at is not None
    state, queued = (CaseState.WAITING, True) if in_line else (CaseState.ANSWERED, case.queued)
    free = changed(case, state=state, queued=queued, active_at=at, **FREE)
    return Decision(free, observations=(Observed("released", at, case.agent or "", queued=in_line),))


def _replied(case: Case, act: Reply, policy: Policy) -> Decision:
    """Answered, and the reply goes out."""
    decision = _answered(case, act, policy)
    return replace(
        decision,
        said=(bodies.by_agent(act, "agent"),),
        out=(bodies.reply(decision.after, act), *decision.out),
    )


def _answered_outside(case: Case, act: Answered, policy: Policy) -> Decision:
    """Whoever holds the case, the customer has a human's answer."""
    owner = replace(act, agent=case.agent, name=case.agent_name) if case.agent else act
    return replace(_answered(case, owner, policy), said=(bodies.outside(act),))


def _answered(case: Case, act: Reply | Answered, policy: Policy) -> Decision:
    answered = changed(
        case,
        state=CaseState.ANSWERED,
        agent=act.agent,
        agent_name=act.name,
        lease_until=None,
        turn_at=None,
        promises=(),
        first_reply_at=case.first_reply_at or act.at,
        active_at=act.at,
    )
    wait_s = _waited_s(case, act.at)
    if wait_s is None:
        return Decision(answered, observations=() if case.agent else (_taken(case, act),))
    counts = _judged(case, act.at, answered=True) | {"answered": 1}
    if wait_s <= policy.target_s:
        counts["within_target"] = 1
    return Decision(
        answered,
        out=bodies.news_of(answered, "case.answered", act.at, policy, wait_s=round(wait_s, 3)),
        observations=(Observed("answered", act.at, act.agent, wait_s, case.queued),),
        counts=counts,
    )


# --- the end of a case -------------------------------------------------------------------------------------


def _ended(case: Case, at: float, state: CaseState, policy: Policy, by: str) -> Decision:
    """`by` is the agent whose hand is free now; empty when silence ends the case, long after that."""
    ended = changed(case, state=state, promises=(), lease_until=None, active_at=at)
    counts = _judged(case, at, answered=False) | {"closed": 1}
    if case.turn_at is not None:
        counts["left"] = 1
    out = bodies.news_of(ended, "case.closed", at, policy)
    return Decision(ended, out=out, observations=(_gone(case, at, by),), counts=counts)


def _gone(case: Case, at: float, by: str) -> Observed:
    """The case is over here. A turn without a reply is a censored wait, not a missing one."""
    happened: Happened = "closed" if case.turn_at is None else "left"
    in_line = case.turn_at is not None and case.queued
    return Observed(happened, at, by, _waited_s(case, at), in_line)


def _judged(case: Case, at: float, *, answered: bool) -> dict[str, int]:
    """How many of the case's promises can be judged now, and how many were kept."""
    verdicts = [judge(promise, at, answered) for promise in case.promises]
    return {"promises": sum(v is not None for v in verdicts), "kept": sum(v is True for v in verdicts)}


# --- time passes -------------------------------------------------------------------------------------------


def _due(case: Case, event: Due, policy: Policy) -> Decision:
    at = event.at
    if case.state is CaseState.ANSWERED:
        silent = case.active_at + policy.close_after_s <= at
        return _ended(case, at, CaseState.CLOSED, policy, by="") if silent else Decision(case)
    broken = [promise for promise in case.promises if promise.due_at < at]
    standing = tuple(promise for promise in case.promises if promise.due_at >= at)
    counts = {"promises": len(broken)} if broken else {}
    run_out = max((promise.due_at for promise in broken), default=None)
    judged = changed(
        case, promises=standing, late_since=case.late_since if standing else run_out or case.late_since
    )
    if case.state is CaseState.CLAIMED and not case.outside and (case.lease_until or at) <= at:
        return replace(_lease_over(judged, event, policy), counts=counts)
    if _must_warn(judged, event) or _must_own_up(case, judged, event):
        return Decision(changed(judged, warned=True), out=(bodies.message(judged, "update"),), counts=counts)
    return Decision(judged, counts=counts)


def _lease_over(case: Case, event: Due, policy: Policy) -> Decision:
    """An agent who was active since keeps the case; one who vanished loses it to its old position."""
    renewed_until = (event.agent_seen_at or 0.0) + policy.claim_lease_s
    if renewed_until > event.at:
        return Decision(changed(case, lease_until=renewed_until))
    back = _released(case, event.at)
    off = Observed("duty", event.at, case.agent or "")
    return replace(back, observations=(*back.observations, off), off_duty=case.agent)


def _must_own_up(case: Case, judged: Case, event: Due) -> bool:
    """Whoever waits beyond what they were told hears so, once a turn: silence is what is not forgiven."""
    waits = case.state is CaseState.WAITING and event.outlook is not None
    return waits and judged.late_since is not None and case.late_since is None


def _must_warn(case: Case, event: Due) -> bool:
    if case.state is not CaseState.WAITING or case.warned or event.outlook is None or not case.promises:
        return False
    latest = max(case.promises, key=lambda promise: promise.due_at)
    return clearly_worse(latest, event.outlook)


# --- to another queue --------------------------------------------------------------------------------------


def _handed_over(case: Case, act: Transfer) -> Decision:
    """Leave this queue; the outbox carries the case over. Promises go along, to be judged there."""
    moving = changed(case, state=CaseState.MOVING, **FREE)
    return Decision(
        moving,
        said=(bodies.note(act, f"→ {act.queue}"),),
        out=({"kind": "transfer", "case": case.id, "queue": act.queue},),
        observations=(_gone(case, act.at, act.agent),),
        counts={"transferred": 1},
        moved_to=f">{act.queue} {case.id}",
    )


def _adopted(event: Adopted, policy: Policy) -> Decision:
    source = event.source
    # An answered case is handed over because somebody else shall say more: its turn begins now.
    case = changed(
        source,
        state=CaseState.WAITING,
        turn_at=source.turn_at or event.at,
        queued=True,
        active_at=event.at,
        moved=True,
    )
    return Decision(
        case,
        out=(
            bodies.message(case, "notice", turn=case.turn_at),
            *bodies.news_of(case, "case.opened", event.at, policy),
        ),
        observations=(Observed("arrived", event.at),),
        counts={"arrived": 1},
    )


def _merged(case: Case, event: Adopted, policy: Policy) -> Decision:
    """The conversation already has an open case here: what was said joins it, and the older turn counts."""
    turns = [turn for turn in (case.turn_at, event.source.turn_at) if turn is not None]
    merged = changed(
        case,
        turn_at=min(turns, default=None),
        messages=case.messages + event.source.messages,
        promises=case.promises + event.source.promises,
    )
    if case.turn_at is not None or not turns:
        return Decision(merged)
    return _begun(merged, event.at, policy)
