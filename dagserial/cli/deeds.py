"""Put together what one commit did to the DAGs that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from dagserial.cli.following import Followed
from dagserial.diff import Change, Diff, Location, Matching, Policy, Side, applied, compare_all, compare_records, judged
from dagserial.diff.outputs import Report
from dagserial.history import Commit, Event, History
from dagserial.record import Record
from dagserial.sources.reading import ReadOptions

_UNCOMPARED = ("unreadable", "readable")
"""Operations of which one side is not known."""


class Deed(NamedTuple):
    """What a commit did.

    Attributes:
        events: by dag_id.
        report: what differs in the DAGs that could be read before and after; None if it was not asked for.
    """

    commit: Commit
    events: list[Event]
    report: Report | None


class Deeds:
    """What commits did, with the differences where they are needed.

    Args:
        compares: whether differences are asked for.
    """

    def __init__(
        self,
        history: History,
        options: ReadOptions,
        followed: Followed,
        rules: tuple[Matching, Policy],
        *,
        compares: bool,
    ) -> None:
        self._history = history
        self._options = options
        self._followed = followed
        self._matching, self._policy = rules
        self._compares = compares

    def along(self, events: Iterable[Event]) -> Iterator[Deed]:
        """Iterate over what each commit did, in the order of the events; those of one commit follow each other."""
        for commit, found in groupby(events, key=lambda event: event.commit):
            deed = self._deed(commit, list(found))
            if deed.events:
                yield deed

    def _deed(self, commit: Commit, events: list[Event]) -> Deed:
        if not self._compares and not self._followed.may_name_tasks:
            return Deed(commit, events, None)
        kept: list[Event] = []
        changes: list[Change] = []
        olds: dict[str, Record] = {}
        news: dict[str, Record] = {}
        renamed: dict[str, str] = {}
        for event in events:
            before, after, diff = self._differences(event)
            picked = tuple(change for change in diff.changes if self._followed.has_change(change))
            whole = [one for one in (before, after) if one] if event.operation != "changed" else []
            if picked or event.operation in _UNCOMPARED or any(map(self._followed.has_task_of, whole)):
                kept.append(event)
                changes += picked or (one for one in diff.changes if one.object.kind == "dag" and one.is_whole)
                olds |= {one.dag_id: one for one in (before,) if one}
                news |= {one.dag_id: one for one in (after,) if one}
                renamed |= diff.renamed
            self._followed.go_past(diff)
        digests = [{one: record.digest for one, record in side.items()} for side in (olds, news)]
        diff = judged(Diff(tuple(changes), digests[0], digests[1], renamed), olds, news)
        diff = applied(diff, self._policy, datetime.now(UTC).date()).diff
        return Deed(commit, kept, Report(diff, _side(commit, kept, olds, "^"), _side(commit, kept, news)))

    def _differences(self, event: Event) -> tuple[Record | None, Record | None, Diff]:
        """Return the records before and after an event, and what differs; nothing where a side is not known."""
        if event.operation in _UNCOMPARED:
            return None, None, Diff()
        before, after = self._history.records(event, self._options)
        if before and after:
            renamed = {event.dag_id: event.previous_id} if event.previous_id else {}
            return before, after, Diff(compare_records(before, after, self._matching), renamed=renamed)
        sides = [{one.dag_id: one} if one else {} for one in (before, after)]
        return before, after, compare_all(sides[0], sides[1], self._matching)


def _side(commit: Commit, events: list[Event], records: dict[str, Record], before: str = "") -> Side:
    places = {event.dag_id: Location(event.file, event.line) for event in events}
    locations = {dag_id: places[dag_id] for dag_id in records if dag_id in places}
    return Side(f"{commit.id}{before}", None if before else commit.id, (), locations, records)
