"""Find since which commit something is so of a DAG, by halving."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from dagserial.digest import Digest
from dagserial.history.log import Event

Verdict = Literal["old", "new", "skip"]


class State(msgspec.Struct, frozen=True):
    """What a DAG was from one of its events to the next.

    Attributes:
        event: what made it so; None for what was before all events.
        digest: of its record; None while it could not be read.
    """

    event: Event | None
    digest: Digest | None


class Answer(msgspec.Struct, frozen=True):
    """What a bisection found.

    Attributes:
        states: what may be the first that is new, the oldest first: one, or several if those between could not be
            told; none if the newest is not new.
        was_always: the oldest state is new already.
    """

    states: tuple[State, ...]
    was_always: bool = False


Judge = Callable[[State], Verdict]
"""Tells what a state is; it has a digest."""


def states(events: Iterable[Event]) -> list[State]:
    """Return what a DAG was, the oldest first: where it was not there, nothing is.

    Args:
        events: those of one DAG, the newest first.
    """
    found: list[State] = []
    for event in reversed(list(events)):
        if not found and event.old:
            found.append(State(None, event.old))
        if event.new or event.operation == "unreadable":
            found.append(State(event, event.new))
    return found


def search(row: Sequence[State], judge: Judge) -> Answer:
    """Return the first state that is new, if the newest is; each record is judged once at most.

    It is taken for granted that whatever lies behind a state that is new is new, too, as by `git bisect`.
    """
    known: dict[Digest, Verdict] = {}

    def verdict(at: int) -> Verdict:
        state = row[at]
        if state.digest is None:
            return "skip"
        if state.digest not in known:
            known[state.digest] = judge(state)
        return known[state.digest]

    told = [at for at in range(len(row)) if row[at].digest]
    last = next((at for at in reversed(told) if verdict(at) != "skip"), None)
    if last is None or verdict(last) == "old":
        return Answer(())
    first = next(at for at in told if verdict(at) != "skip")
    if verdict(first) == "new":
        return Answer(tuple(row[: first + 1]), was_always=True)
    old, new = first, last
    skipped: set[int] = {at for at in range(len(row)) if row[at].digest is None}
    while between := [at for at in range(old + 1, new) if at not in skipped]:
        middle = min(between, key=lambda at: abs(2 * at - old - new))
        match verdict(middle):
            case "old":
                old = middle
            case "new":
                new = middle
            case "skip":
                skipped.add(middle)
    return Answer(tuple(row[old + 1 : new + 1]))
