"""Put the DAGs of a ref into a store, as they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dagserial.cli.database import writing_session
from dagserial.cli.origin import origin_of
from dagserial.history import History, Snapshot
from dagserial.store import RecordStore, Version


def put_present(
    url: str, history: History, side: Snapshot, is_wanted: Callable[[str], bool], flags: dict[str, Any]
) -> list[tuple[Version, bool]]:
    """Put the DAGs of a ref that are wanted, all or none; return the version of each, and whether it is new."""
    entries = [entry for entry in side.entries if is_wanted(entry.record.dag_id)]
    origins = [origin_of(history, side, entry, flags) for entry in entries]
    now = datetime.now(UTC)
    with writing_session(url) as session:
        store = RecordStore(session)
        versions = [
            store.put(entry.record, created_at=now, origin=origin)
            for entry, origin in zip(entries, origins, strict=True)
        ]
    return [(version, version.created_at == now) for version in versions]
