"""Keep records by digest, and count the versions of each DAG."""

import re
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import DigestMismatchError, NotFoundError, SettingsError
from dagserial.record import FORMAT, Record
from dagserial.store.insertion import as_committed, insert_missing
from dagserial.store.limits import checked_id, checked_moment
from dagserial.store.tables import dag_record, dag_version
from dagserial.store.versions import NO_ORIGIN, Origin, Version, checked_origin, row_of, version_of

_PREFIX = re.compile(r"sha256:[0-9a-f]{8,64}")
_SHOWN_CANDIDATES = 10


class RecordStore:
    """Records and versions in one database, through a session that the caller owns, commits and closes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, record: Record, *, created_at: datetime, origin: Origin = NO_ORIGIN) -> Version:
        """Keep a record; return the version of its DAG that it is.

        A record is written once. A new version is made only if the DAG differs from its latest version when both are
        read as the current format; else the latest is returned as it stands, with the provenance it has. A DAG that
        goes back to what it was gets a new version of the old record.

        Raises:
            DigestMismatchError: the record is new, and its digest is not that of its body.
            SettingsError: a time without a zone, an image without a digest, a dag_id of more than 250 characters, or
                a text that no database keeps.
        """
        offered = Version(
            dag_id=checked_id("dag_id", record.dag_id),
            number=1,
            digest=record.digest,
            origin=checked_origin(origin),
            created_at=checked_moment("created_at", created_at),
        )
        latest, is_fresh = self.latest(record.dag_id), False
        while True:
            # The common case first, because it writes nothing: what a version points at is kept.
            if latest and latest.digest == record.digest:
                return latest
            self._keep(record)
            if latest and self._means(latest.digest, record, is_fresh):
                return latest
            version = msgspec.structs.replace(offered, number=latest.number + 1) if latest else offered
            insert_missing(self._session, dag_version, [row_of(version)])
            # The row is ours, or that of a session that was faster: then look again whether it says the same.
            latest, is_fresh = self._latest(record.dag_id, is_fresh=True), True

    def get(self, digest: Digest) -> Record:
        """Return a record, its bytes checked against the digest.

        Raises:
            NotFoundError: there is no such record.
            DigestMismatchError: the stored bytes are not those that were put.
        """
        return self._get(digest, is_fresh=False)

    def _get(self, digest: Digest, *, is_fresh: bool) -> Record:
        row = self._row(select(dag_record).where(dag_record.c.digest == digest), is_fresh)
        if row is None:
            raise NotFoundError(f"there is no record {digest}")
        record = Record(**row._mapping)
        _check(record)
        return record

    def find(self, prefix: str) -> Digest:
        """Return the digest that starts with `sha256:` and 8 or more hexadecimal digits.

        Raises:
            NotFoundError: no digest starts so, or several do, which the message lists.
            SettingsError: `prefix` is no such prefix.
        """
        if not _PREFIX.fullmatch(prefix):
            raise SettingsError(
                f"{prefix!r} is no prefix of a digest: 'sha256:' and 8 to 64 lower-case hexadecimal digits"
            )
        # A range, not LIKE: it uses the index of the key on every database. "g" sorts after every digit.
        column = dag_record.c.digest
        statement = select(column).where(column >= prefix, column < prefix + "g").order_by(column)
        found = self._session.scalars(statement.limit(_SHOWN_CANDIDATES + 1)).all()
        if not found:
            raise NotFoundError(f"there is no record {prefix}")
        if len(found) > 1:
            shown = ", ".join([*found[:_SHOWN_CANDIDATES], *["and more"] * (len(found) > _SHOWN_CANDIDATES)])
            raise NotFoundError(f"{prefix} is ambiguous: it starts {shown}")
        digest: Digest = found[0]
        return digest

    def versions(self, dag_id: str) -> list[Version]:
        """Return all versions of a DAG, newest first; none of a DAG that was never put."""
        rows = self._session.execute(_newest_first(dag_id))
        return [version_of(row) for row in rows]

    def latest(self, dag_id: str) -> Version | None:
        """Return the newest version of a DAG; None of a DAG that was never put."""
        return self._latest(dag_id, is_fresh=False)

    def _latest(self, dag_id: str, *, is_fresh: bool) -> Version | None:
        row = self._row(_newest_first(dag_id).limit(1), is_fresh)
        return None if row is None else version_of(row)

    def _row(self, statement: Select[Any], is_fresh: bool) -> Row[Any] | None:
        """Return the one row of a query, as this transaction sees it or, if fresh, as it is now committed."""
        return self._session.execute(as_committed(self._session, statement) if is_fresh else statement).one_or_none()

    def _keep(self, record: Record) -> None:
        is_kept = select(dag_record.c.format).where(dag_record.c.digest == record.digest)
        # Asked first: on SQLite even an insert that inserts nothing takes the write lock.
        if self._session.execute(is_kept).one_or_none() is None:
            _check(record)
            insert_missing(self._session, dag_record, [msgspec.structs.asdict(record)])

    def _means(self, digest: Digest, record: Record, is_fresh: bool) -> bool:
        """Return whether a kept record says, in the current format, what another record says."""
        row = self._row(select(dag_record.c.format).where(dag_record.c.digest == digest), is_fresh)
        if row and row.format == record.format == FORMAT:
            return digest == record.digest
        return _meaning(self._get(digest, is_fresh=is_fresh)) == _meaning(record)


def _newest_first(dag_id: str) -> Select[Any]:
    return select(dag_version).where(dag_version.c.dag_id == dag_id).order_by(dag_version.c.number.desc())


def _meaning(record: Record) -> Digest:
    return Record.of_dag(record.dag()).digest


def _check(record: Record) -> None:
    if (found := Digest.of(record.body)) != record.digest:
        raise DigestMismatchError(record.digest, found)
