"""Keep records by digest, and count the versions of each DAG."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeGuard

import msgspec
from sqlalchemy import Result, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import DigestMismatchError, NotFoundError, SettingsError
from dagserial.record import FORMAT, Record
from dagserial.store.bodies import addresses, pack, unpack
from dagserial.store.insertion import as_committed, insert_missing
from dagserial.store.limits import checked_moment
from dagserial.store.referrers import Referrer, referrers_of
from dagserial.store.tables import dag_record, dag_version, record_page
from dagserial.store.versions import NO_ORIGIN, Origin, Version, offered_version, row_of, version_of

_BATCH = 500
"""Records that are asked for in one statement, or pages."""
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
        return self.put_many([(record, origin)], created_at=created_at)[0]

    def put_many(self, puts: Iterable[tuple[Record, Origin]], *, created_at: datetime) -> list[Version]:
        """Keep records, as `put` one after the other does; return the version of each, in the same order.

        Faster than `put` for each: what is unchanged costs next to nothing. Sessions that put many at the same time do
        not wait for each other in a circle; sessions that `put` several DAGs each, in different orders, may.

        Raises:
            DigestMismatchError: as for `put`.
            SettingsError: as for `put`; nothing was kept.
        """
        moment = checked_moment("created_at", created_at)
        offers = [_Offer(record, offered_version(record, origin, moment)) for record, origin in puts]
        # In the order of their DAGs, so that no two sessions lock the same ones in different orders.
        order = sorted(range(len(offers)), key=lambda index: offers[index].record.dag_id)
        found: dict[int, Version] = {}
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            found.update(zip(batch, self._put_batch([offers[index] for index in batch]), strict=True))
        return [found[index] for index in range(len(offers))]

    def _put_batch(self, offers: list["_Offer"]) -> list[Version]:
        found: dict[int, Version] = {}
        is_contested = False
        while len(found) < len(offers):
            # One of each DAG in a turn: the next one is compared with what this one comes to.
            turn: dict[str, int] = {}
            for index, offer in enumerate(offers):
                if index not in found:
                    turn.setdefault(offer.record.dag_id, index)
            latest = self._latest(list(turn), is_contested)
            same = {index for dag_id, index in turn.items() if _is_same(latest.get(dag_id), offers[index].record)}
            found.update((index, latest[offers[index].record.dag_id]) for index in same)
            changed = {index: offers[index] for index in turn.values() if index not in same}
            settled = self._put_changed(changed, latest) if changed else {}
            found.update(settled)
            # A version that another session took meanwhile is looked at again.
            is_contested = len(settled) < len(changed)
        return [found[index] for index in range(len(offers))]

    def _put_changed(self, offers: Mapping[int, "_Offer"], latest: Mapping[str, Version]) -> dict[int, Version]:
        """Keep records that are not those of the latest versions; return the versions of those that are settled."""
        self._keep([offer.record for offer in offers.values()])
        formats = self._formats([version.digest for version in latest.values()])
        found: dict[int, Version] = {}
        versions: dict[int, Version] = {}
        for index, (record, offered) in offers.items():
            newest = latest.get(record.dag_id)
            if newest and self._means(newest.digest, formats.get(newest.digest), record):
                found[index] = newest
            else:
                number = newest.number + 1 if newest else 1
                versions[index] = msgspec.structs.replace(offered, number=number)
        insert_missing(self._session, dag_version, [row_of(version) for version in versions.values()])
        kept = self._at([(version.dag_id, version.number) for version in versions.values()])
        # The row is ours, or that of a session that was faster; the same record is the same version.
        for index, version in versions.items():
            taken = kept.get(version.dag_id)
            if _is_same(taken, offers[index].record):
                found[index] = taken
        return found

    def get(self, digest: Digest) -> Record:
        """Return a record, its bytes checked against the digest.

        Raises:
            NotFoundError: there is no such record.
            DigestMismatchError: the stored bytes are not those that were put.
        """
        record = self._read(digest)
        if record is None:
            raise NotFoundError(f"there is no record {digest}")
        return record

    def _read(self, digest: Digest, *, is_fresh: bool = False) -> Record | None:
        """Return a record as this transaction sees it or, if fresh, as it is now committed."""
        row = self._rows(select(dag_record).where(dag_record.c.digest == digest), is_fresh).one_or_none()
        if row is None:
            return None
        frames = [row.body] if row.pages is None else self._frames(addresses(row.pages), is_fresh)
        record = Record(unpack(frames, row.size), row.dag_id, digest, row.format)
        _check(record)
        return record

    def _frames(self, wanted: list[bytes], is_fresh: bool) -> list[bytes]:
        """Return the frames of pages in order; those that are lost are left out."""
        found: dict[bytes, bytes] = {}
        for part in _parts(wanted):
            rows = self._rows(select(record_page).where(record_page.c.address.in_(part)), is_fresh)
            found.update((row.address, row.frame) for row in rows)
        return [found[address] for address in wanted if address in found]

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
        return self._latest([dag_id], False).get(dag_id)

    def referrers(self, digest: Digest) -> list[Referrer]:
        """Return what points at a record: versions, then runs, then task instances, each by id; none of one unknown."""
        return referrers_of(self._session, digest)

    def _latest(self, dag_ids: list[str], is_fresh: bool) -> dict[str, Version]:
        """Return the newest versions by dag_id, as this transaction sees them or, if fresh, as they are committed."""
        if is_fresh or len(dag_ids) == 1:
            rows = [row for dag_id in dag_ids for row in self._rows(_newest_first(dag_id).limit(1), is_fresh)]
        else:
            rows = list(self._session.execute(_newest_of(dag_ids)))
        return {row.dag_id: version_of(row) for row in rows}

    def _at(self, places: list[tuple[str, int]]) -> dict[str, Version]:
        """Return the versions of these numbers by dag_id, as they are now committed."""
        if not places:
            return {}
        statement = select(dag_version).where(tuple_(dag_version.c.dag_id, dag_version.c.number).in_(places))
        return {row.dag_id: version_of(row) for row in self._rows(statement, True)}

    def _keep(self, records: list[Record]) -> None:
        """Keep records that are not kept yet."""
        offered = {record.digest: record for record in records}
        # Asked first: on SQLite even an insert that inserts nothing takes the write lock.
        kept = self._formats(list(offered))
        missing = {digest: offered[digest] for digest in sorted(offered) if digest not in kept}
        for record in missing.values():
            _check(record)
        packed = {digest: pack(record.body) for digest, record in missing.items()}
        self._keep_pages({address: frame for body in packed.values() for address, frame in body.frames.items()})
        rows = [
            {"digest": digest, "format": record.format, "dag_id": record.dag_id}
            | {"size": packed[digest].size, "body": packed[digest].body, "pages": packed[digest].pages}
            for digest, record in missing.items()
        ]
        insert_missing(self._session, dag_record, rows)

    def _keep_pages(self, frames: Mapping[bytes, bytes]) -> None:
        for part in _parts(sorted(frames)):
            statement = select(record_page.c.address).where(record_page.c.address.in_(part))
            kept = set(self._session.scalars(statement))
            rows = [{"address": address, "frame": frames[address]} for address in part if address not in kept]
            insert_missing(self._session, record_page, rows)

    def _formats(self, digests: list[Digest]) -> dict[Digest, int]:
        """Return the formats of the records that are kept, by digest."""
        statement = select(dag_record.c.digest, dag_record.c.format).where(dag_record.c.digest.in_(digests))
        return {row.digest: row.format for row in self._session.execute(statement)}

    def _means(self, digest: Digest, found: int | None, record: Record) -> bool:
        """Return whether a kept record of a format says, in the current format, what another record says."""
        if digest == record.digest or found == record.format == FORMAT:
            return digest == record.digest
        kept = self._read(digest, is_fresh=True)
        return kept is not None and _meaning(kept) == _meaning(record)

    def _rows(self, statement: Select[Any], is_fresh: bool) -> Result[Any]:
        """Return the rows of a query, as this transaction sees them or, if fresh, as they are now committed."""
        return self._session.execute(as_committed(self._session, statement) if is_fresh else statement)


class _Offer(NamedTuple):
    """A record that is put, and the version that it is if it is a new one."""

    record: Record
    version: Version


def _is_same(version: Version | None, record: Record) -> TypeGuard[Version]:
    return version is not None and version.digest == record.digest


def _parts(values: list[bytes]) -> Iterator[list[bytes]]:
    """Yield values in numbers that one statement takes."""
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))


def _newest_of(dag_ids: list[str]) -> Select[Any]:
    numbers = select(dag_version.c.dag_id, func.max(dag_version.c.number).label("number"))
    newest = numbers.where(dag_version.c.dag_id.in_(dag_ids)).group_by(dag_version.c.dag_id).subquery()
    is_newest = and_(dag_version.c.dag_id == newest.c.dag_id, dag_version.c.number == newest.c.number)
    return select(dag_version).join(newest, is_newest)


def _newest_first(dag_id: str) -> Select[Any]:
    return select(dag_version).where(dag_version.c.dag_id == dag_id).order_by(dag_version.c.number.desc())


def _meaning(record: Record) -> Digest:
    return Record.of_dag(record.dag()).digest


def _check(record: Record) -> None:
    if (found := Digest.of(record.body)) != record.digest:
        raise DigestMismatchError(record.digest, found)
