"""Tell what points at a record, and so keeps it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Integer, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.store.keyset import behind
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


_REFERRERS = (dag_version, dag_run, task_instance)
"""What points at records, in the order in which it is listed."""


def referrer_page(
    session: Session, digest: Digest, *, after: tuple[int, list[Any]] | None = None, limit: int | None = None
) -> list[tuple[int, Referrer]]:
    """Return what points at a record: versions (0), then runs (1), then task instances (2), each by id.

    Args:
        after: those behind this kind and key.
        limit: at most so many; None for all.
    """
    found: list[tuple[int, Referrer]] = []
    for kind, table in enumerate(_REFERRERS):
        left = None if limit is None else limit - len(found)
        if left == 0 or (after is not None and kind < after[0]):
            continue
        keys = list(table.primary_key.columns)
        statement = select(*keys).where(table.c.digest == digest)
        if after is not None and kind == after[0]:
            statement = statement.where(behind(keys, after[1]))
        rows = session.execute(statement.order_by(*keys).limit(left))
        found += [(kind, Referrer(**row._mapping)) for row in rows]
    return found


def referrer_key(kind: int, one: Referrer) -> tuple[int, list[Any]]:
    """Return the place of a referrer in its list."""
    return kind, [getattr(one, column.name) for column in _REFERRERS[kind].primary_key.columns]


def is_referrer_key(kind: int, key: list[Any]) -> bool:
    """Tell whether this can be the place of a referrer."""
    if not 0 <= kind < len(_REFERRERS):
        return False
    columns = list(_REFERRERS[kind].primary_key.columns)
    return len(key) == len(columns) and all(
        type(value) is (int if isinstance(column.type, Integer) else str)
        for value, column in zip(key, columns, strict=True)
    )
