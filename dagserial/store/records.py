"""Keep records by digest, and count the versions of each DAG."""

import re
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import NotFoundError, SettingsError
from dagserial.record import Record
from dagserial.store.keeping import read, rows_of
from dagserial.store.listing import newest_versions
from dagserial.store.prefix import candidates
from dagserial.store.puts import put_all
from dagserial.store.referrers import Referrer, referrer_page
from dagserial.store.tables import dag_record, dag_version
from dagserial.store.version_pages import version_page
from dagserial.store.versions import NO_ORIGIN, Origin, Version, version_of

_PREFIX = re.compile(r"sha256:[0-9a-f]{8,64}")
_SHOWN_CANDIDATES = 10


class RecordStore:
    """Records and versions in one database, through a session that the caller owns, commits and closes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, record: Record, *, created_at: datetime, origin: Origin = NO_ORIGIN) -> Version:
        """Keep a record; return the version of its DAG that it is.

        A record is written once. A new version is made only if the DAG differs from its latest version when both are
        read as the current format; else the latest is returned as it stands, with the origin it has. A DAG that goes
        back to what it was gets a new version of the old record.

        Raises:
            DigestMismatchError: the record is new, and its digest is not that of its body.
            SettingsError: a time without a zone, an image without a digest, a dag_id of more than 250 characters, or
                a text that no database keeps.
        """
        [number] = put_all(self._session, [(record, origin)], created_at)
        is_put = (dag_version.c.dag_id == record.dag_id) & (dag_version.c.number == number)
        statement = select(dag_version).where(is_put)
        # Another session may have made it since this transaction began.
        row = self._session.execute(statement).one_or_none() or rows_of(self._session, statement, True).one()
        return version_of(row)

    def put_many(self, puts: Iterable[tuple[Record, Origin]], *, created_at: datetime) -> list[int]:
        """Keep records, as `put` one after the other does; return the number of the version that each is, in order.

        What is unchanged costs next to nothing, and waits for nobody. A transaction that makes a new version holds up
        others that would, until it ends.

        Raises:
            DigestMismatchError: as for `put`.
            SettingsError: as for `put`; nothing was kept.
        """
        return put_all(self._session, puts, created_at)

    def get(self, digest: Digest) -> Record:
        """Return a record, its bytes checked against the digest.

        Raises:
            NotFoundError: there is no such record.
            DigestMismatchError: the stored bytes are not those that were put.
        """
        record = read(self._session, digest)
        if record is None:
            raise NotFoundError(f"there is no record {digest}")
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
        found = [digest for digest, _ in candidates(self._session, prefix, _SHOWN_CANDIDATES + 1)]
        if not found:
            raise NotFoundError(f"there is no record {prefix}")
        if len(found) > 1:
            shown = ", ".join([*found[:_SHOWN_CANDIDATES], *["and more"] * (len(found) > _SHOWN_CANDIDATES)])
            raise NotFoundError(f"{prefix} is ambiguous: it starts {shown}")
        return found[0]

    def versions(self, dag_id: str) -> list[Version]:
        """Return all versions of a DAG, newest first; none of a DAG that was never put."""
        return version_page(self._session, dag_id)

    def latest(self, dag_id: str) -> Version | None:
        """Return the newest version of a DAG; None of a DAG that was never put."""
        return next(iter(version_page(self._session, dag_id, limit=1)), None)

    def newest(self) -> list[Version]:
        """Return the newest version of each DAG, by dag_id."""
        return newest_versions(self._session)

    def has(self, record: Record) -> bool:
        """Tell whether a record is there; nothing of it is read."""
        found = self._session.scalar(select(dag_record.c.digest).where(dag_record.c.digest == record.digest))
        return found is not None

    def referrers(self, digest: Digest) -> list[Referrer]:
        """Return what points at a record: versions, then runs, then task instances, each by id; none of one unknown."""
        return [one for _, one in referrer_page(self._session, digest)]
