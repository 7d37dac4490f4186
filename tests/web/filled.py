"""Fill a store with DAGs, versions and runs of all kinds."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, LATER, NOON, record_of

from dagserial.store import RecordStore, create, open_engine


def fill(url: str) -> None:
    """Make tables and fill them; the same each time."""
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session, session.begin():
        store = RecordStore(session)
        for number, dag_id in enumerate(HOSTILE_IDS):
            store.put(record_of(dag_id), created_at=NOON + timedelta(minutes=number))
        for operator in ("x.Y", "x.Z", "x.Y", "x.W"):
            store.put(record_of("etl", operator), created_at=LATER)
    # The last connection to an SQLite file moves what lies in its log to it.
    engine.dispose()
