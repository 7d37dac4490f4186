"""Tell what points at a record, and so keeps it."""

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.tables import dag_run, dag_version, task_instance


class Referrer(msgspec.Struct, frozen=True, kw_only=True):
    """A version, a run or a task instance that points at a record.

    Attributes:
        number: of a version; None of what is none.
        run_id: of a run or an instance.
        task_id: of an instance, as is `map_index`.
    """

    dag_id: str
    number: int | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None


def referrers_of(session: Session, digest: Digest) -> list[Referrer]:
    """Return what points at a record: versions, then runs, then task instances, each by id."""
    found: list[Referrer] = []
    for table in (dag_version, dag_run, task_instance):
        keys = list(table.primary_key.columns)
        statement = select(*keys).where(table.c.digest == digest).order_by(*keys)
        found += [Referrer(**row._mapping) for row in session.execute(statement)]
    return found
