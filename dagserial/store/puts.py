"""Give records that are put their version numbers: a new one for each new meaning of a DAG, dense and in order."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import String, and_, func, select, tuple_, type_coerce
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.record import FORMAT, Record
from dagserial.store.insertion import insert_missing, lock_versions
from dagserial.store.keeping import BATCH, Head, heads_of, keep, read, rows_of
from dagserial.store.limits import checked_id, checked_moment
from dagserial.store.tables import dag_version
from dagserial.store.versions import NO_ORIGIN, Origin, checked_origin


class _Offer(NamedTuple):
    """A record that is put, and where it comes from."""

    record: Record
    origin: Origin


class _Newest(NamedTuple):
    """The newest version of a DAG; the digest as it is stored, unchecked."""

    number: int
    digest: str


def put_all(session: Session, puts: Iterable[tuple[Record, Origin]], created_at: datetime) -> list[int]:
    """Keep records, one after the other; return the number of the version that each is.

    Raises:
        DigestMismatchError: a record is new, and its digest is not that of its body.
        SettingsError: a time without a zone, an image without a digest, an id of more than 250 characters, or a text
            that no database keeps; nothing was kept.
    """
    moment = checked_moment("created_at", created_at)
    offers = [_checked(record, origin) for record, origin in puts]
    numbers: dict[int, int] = {}
    for start in range(0, len(offers), BATCH):
        batch = dict(enumerate(offers[start : start + BATCH], start))
        numbers.update(_put_batch(session, batch, moment))
    return [numbers[index] for index in range(len(offers))]


def _checked(record: Record, origin: Origin) -> _Offer:
    checked_id("dag_id", record.dag_id)
    return _Offer(record, origin if origin == NO_ORIGIN else checked_origin(origin))


def _put_batch(session: Session, offers: Mapping[int, _Offer], moment: datetime) -> dict[int, int]:
    numbers: dict[int, int] = {}
    is_locked = is_contested = False
    while len(numbers) < len(offers):
        # One of each DAG in a turn: the next one is compared with what this one comes to.
        turn: dict[str, int] = {}
        for index, offer in offers.items():
            if index not in numbers:
                turn.setdefault(offer.record.dag_id, index)
        newest = _newest(session, list(turn), is_contested)
        changed: dict[str, int] = {}
        for dag_id, index in turn.items():
            # The common case, which writes nothing: what a version points at is kept.
            if dag_id in newest and newest[dag_id].digest == offers[index].record.digest:
                numbers[index] = newest[dag_id].number
            else:
                changed[dag_id] = index
        if changed and not is_locked:
            is_locked = True
            if lock_versions(session):
                # What was newest may not be any more.
                continue
        settled = _put_changed(session, [offers[index] for index in changed.values()], newest, moment)
        numbers.update((changed[dag_id], number) for dag_id, number in settled.items())
        # A number that was taken is no version of ours: look again. The lock leaves no such meanwhile, but MySQL's own
        # isolation shows what was newest before, and others may add versions without the lock.
        is_contested = len(settled) < len(changed)
    return numbers


def _put_changed(
    session: Session, offers: list[_Offer], newest: Mapping[str, _Newest], moment: datetime
) -> dict[str, int]:
    """Keep records that their DAGs' newest versions are not; return the numbers by dag_id, but of what is contested."""
    if not offers:
        return {}
    keep(session, [record for record, _ in offers])
    latest = {record.dag_id: newest[record.dag_id] for record, _ in offers if record.dag_id in newest}
    heads = heads_of(session, [Digest(version.digest) for version in latest.values()])
    numbers: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for record, origin in offers:
        known = latest.get(record.dag_id, _Newest(0, ""))
        if known.number and _means(session, Digest(known.digest), heads, record):
            numbers[record.dag_id] = known.number
        else:
            place = {"dag_id": record.dag_id, "number": known.number + 1, "digest": record.digest}
            rows.append({**place, "created_at": moment, **msgspec.structs.asdict(origin)})
    insert_missing(session, dag_version, rows)
    # A row is ours, or that of a session that was faster; the same record is the same version.
    kept = _digests_at(session, [(row["dag_id"], row["number"]) for row in rows])
    numbers.update((row["dag_id"], row["number"]) for row in rows if kept.get(row["dag_id"]) == row["digest"])
    return numbers


def _means(session: Session, digest: Digest, heads: Mapping[Digest, Head], record: Record) -> bool:
    """Return whether a kept record says, in the current format, what another record says."""
    if digest == record.digest or (digest in heads and heads[digest].format == record.format == FORMAT):
        return digest == record.digest
    kept = read(session, digest, is_fresh=True)
    return kept is not None and _meaning(kept) == _meaning(record)


def _meaning(record: Record) -> Digest:
    return Record.of_dag(record.dag()).digest


_DIGEST = type_coerce(dag_version.c.digest, String()).label("digest")
"""The digest as it is stored: thousands are compared at once."""


def _newest(session: Session, dag_ids: list[str], is_fresh: bool) -> dict[str, _Newest]:
    """Return the newest versions by dag_id, as the transaction sees them or, if fresh, as they are now committed."""
    columns = select(dag_version.c.dag_id, dag_version.c.number, _DIGEST)
    if is_fresh or len(dag_ids) == 1:
        ones = columns.order_by(dag_version.c.number.desc()).limit(1)
        found = [rows_of(session, ones.where(dag_version.c.dag_id == dag_id), is_fresh) for dag_id in dag_ids]
        return {row.dag_id: _Newest(row.number, row.digest) for rows in found for row in rows}
    numbers = select(dag_version.c.dag_id, func.max(dag_version.c.number).label("number"))
    newest = numbers.where(dag_version.c.dag_id.in_(dag_ids)).group_by(dag_version.c.dag_id).subquery()
    is_newest = and_(dag_version.c.dag_id == newest.c.dag_id, dag_version.c.number == newest.c.number)
    rows = session.execute(columns.join(newest, is_newest)).all()
    return {dag_id: _Newest(number, digest) for dag_id, number, digest in rows}


def _digests_at(session: Session, places: list[tuple[str, int]]) -> dict[str, str]:
    """Return the digests of the versions of these numbers by dag_id, as they are now committed."""
    if not places:
        return {}
    statement = select(dag_version.c.dag_id, _DIGEST)
    statement = statement.where(tuple_(dag_version.c.dag_id, dag_version.c.number).in_(places))
    return {row.dag_id: row.digest for row in rows_of(session, statement, True)}
