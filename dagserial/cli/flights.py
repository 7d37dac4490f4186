"""Ask a store what of the DAGs that changed is under way."""

from __future__ import annotations

from collections.abc import Mapping

from dagserial.cli.database import reading_session
from dagserial.diff import Diff, with_flights
from dagserial.record import Record
from dagserial.store import under_way


def met(url: str, diff: Diff, old: Mapping[str, Record], new: Mapping[str, Record]) -> Diff:
    """Return a diff whose changes say what they meet of the runs in a database.

    Raises:
        SettingsError: there is no such database, or it cannot be read.
    """
    with reading_session(url) as session:
        return with_flights(diff, old, new, lambda dag_id: under_way(session, dag_id))
