"""Put the past of DAGs into a store: each change as a version of its own, the oldest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from dagserial.cli.database import writing_session
from dagserial.cli.origin import origin_of_event
from dagserial.cli.progress import ProgressBar
from dagserial.errors import SettingsError
from dagserial.history import Commit, Event, History
from dagserial.sources.reading import ReadOptions
from dagserial.store import RecordStore, Version

_TOGETHER = 50
"""Commits that are put in one transaction; what is there when it all ends is whole commits."""


class Past(msgspec.Struct, frozen=True):
    """A range of commits and what they did to the DAGs that are wanted; the oldest first."""

    range_: str
    commits: Sequence[Commit]
    events: Sequence[Event]


def past_of(history: History, range_: str, options: ReadOptions, is_wanted: Callable[[str], bool]) -> Past:
    """Return the past of the DAGs that are wanted; a terminal is told how far that is."""
    commits = history.commits(range_)
    with ProgressBar("reading history") as bar:
        events = [event for event in history.log(None, commits, options, progress=bar.tell) if is_wanted(event.dag_id)]
    return Past(range_, commits[::-1], events[::-1])


def put_past(url: str, history: History, past: Past, options: ReadOptions, flags: dict[str, Any]) -> Iterator[Version]:
    """Put what each commit made of DAGs; iterate over the versions that are new.

    Of a DAG that the store has, what came behind the commit of its newest version is put, so that what was broken off
    goes on.

    Raises:
        SettingsError: the newest version of a DAG is of no commit among these; or as for `writing_session`.
    """
    with writing_session(url) as session:
        newest = {version.dag_id: version for version in RecordStore(session).newest()}
    positions = {commit.id: position for position, commit in enumerate(past.commits)}
    starts = _starts(history, past, positions, newest)
    left = (event for event in past.events if event.new and positions[event.commit.id] >= starts.get(event.dag_id, 0))
    by_commit = [list(events) for _, events in groupby(left, lambda event: event.commit.id)]
    for at in range(0, len(by_commit), _TOGETHER):
        made: list[Version] = []
        with writing_session(url) as session:
            for events in by_commit[at : at + _TOGETHER]:
                made += _put(session, history, events, past.range_, options, flags)
        yield from made


def _starts(
    history: History, past: Past, positions: Mapping[str, int], newest: Mapping[str, Version]
) -> dict[str, int]:
    """Return for each DAG that the store has the position behind the commit of its newest version."""
    starts = {}
    for dag_id in sorted({event.dag_id for event in past.events} & newest.keys()):
        commit = newest[dag_id].origin.bundle_version or ""
        if commit in positions:
            starts[dag_id] = positions[commit] + 1
        elif not commit or not history.is_ancestor(commit, past.commits[0].id):
            whence = f"commit {commit[:10]}, which is" if commit else "a commit that nobody told, so"
            raise SettingsError(
                f"DAG {dag_id!r} has version {newest[dag_id].number} already, of {whence} not behind {past.range_}; "
                "versions are put in the order in which they came: start with an empty store, or with another range"
            )
    return starts


def _put(
    session: Session, history: History, events: list[Event], ref: str, options: ReadOptions, flags: dict[str, Any]
) -> list[Version]:
    """Put what one commit made of DAGs; return the versions that are new, made when the commit was."""
    store = RecordStore(session)
    commit = events[0].commit
    made_at = datetime.fromisoformat(commit.committed_at).astimezone(UTC)
    found = []
    for event in events:
        record = history.record(event.dag_id, commit.id, options)
        version = store.put(record, created_at=made_at, origin=origin_of_event(event, ref, flags))
        if version.origin.bundle_version == commit.id:
            found.append(version)
    return found


def past_row(version: Version) -> tuple[str, ...]:
    """Return the columns of a version of the past: dag_id, number, digest, commit, day."""
    commit = (version.origin.bundle_version or "")[:10]
    return version.dag_id, f"version {version.number}", version.digest.short, commit, f"{version.created_at:%Y-%m-%d}"
