"""Write records to their tables, each once, and read them back, checked."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Result, Select, bindparam, select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.record import Record
from dagserial.store.bodies import addresses, pack, unpack
from dagserial.store.insertion import as_committed, insert_missing
from dagserial.store.tables import dag_record, record_page

BATCH = 2_000
"""Keys that one statement asks for."""

# Made once: to make them takes as long as to run them.
_RECORD = select(dag_record).where(dag_record.c.digest == bindparam("digest"))
_PAGES = select(record_page.c.address, record_page.c.frame).where(
    record_page.c.address.in_(bindparam("addresses", expanding=True))
)


def keep(session: Session, records: Iterable[Record]) -> None:
    """Keep records that are not kept yet, with their pages.

    Raises:
        DigestMismatchError: a record is new, and its digest is not that of its body.
        RecordError: a record is of another DAG or format than it says.
    """
    offered = {record.digest: record for record in records}
    # Asked first: on SQLite even an insert that inserts nothing takes the write lock.
    kept = heads_of(session, offered)
    missing = {digest: offered[digest] for digest in sorted(offered) if digest not in kept}
    for digest, record in offered.items():
        if digest not in kept or kept[digest].dag_id != record.dag_id:
            record.check()
    packed = {digest: pack(record.body) for digest, record in missing.items()}
    _keep_pages(session, {address: frame for body in packed.values() for address, frame in body.frames.items()})
    rows = [
        {"digest": digest, "format": record.format, "dag_id": record.dag_id}
        | {"size": packed[digest].size, "body": packed[digest].body, "pages": packed[digest].pages}
        for digest, record in missing.items()
    ]
    insert_missing(session, dag_record, rows)


def read(session: Session, digest: Digest, *, is_fresh: bool = False) -> Record | None:
    """Return a record as its transaction sees it or, if fresh, as it is now committed; None if there is none.

    Raises:
        DigestMismatchError: the stored bytes are not those that were put.
    """
    row = rows_of(session, _RECORD, is_fresh, digest=digest).one_or_none()
    if row is None:
        return None
    record = _record(row, _frames(session, _pages_of(row), is_fresh))
    record.check_digest()
    return record


class Head(NamedTuple):
    """What is known of a kept record without its body."""

    dag_id: str
    format: int


def heads_of(session: Session, digests: Iterable[Digest]) -> dict[Digest, Head]:
    """Return the heads of the records that are kept, by digest."""
    columns = dag_record.c.digest, dag_record.c.dag_id, dag_record.c.format
    statement = select(*columns).where(dag_record.c.digest.in_(list(digests)))
    return {digest: Head(*head) for digest, *head in session.execute(statement)}


def rows_of(session: Session, statement: Select[Any], is_fresh: bool, **values: object) -> Result[Any]:
    """Return the rows of a query, as the transaction sees them or, if fresh, as they are now committed.

    Args:
        values: what stands for the parameters of the query.
    """
    return session.execute(as_committed(session, statement) if is_fresh else statement, values)


def _keep_pages(session: Session, frames: Mapping[bytes, bytes]) -> None:
    for part in _parts(sorted(frames)):
        kept = set(session.scalars(select(record_page.c.address).where(record_page.c.address.in_(part))))
        rows = [{"address": address, "frame": frames[address]} for address in part if address not in kept]
        insert_missing(session, record_page, rows)


def _frames(session: Session, pages: list[bytes], is_fresh: bool) -> dict[bytes, bytes]:
    """Return the frames of pages by address, but of those that are lost."""
    found: dict[bytes, bytes] = {}
    for part in _parts(pages):
        rows = rows_of(session, _PAGES, is_fresh, addresses=part)
        found.update((row.address, row.frame) for row in rows)
    return found


def _pages_of(row: Any) -> list[bytes]:
    """Return the addresses of the pages of a row of `dag_record`, in order; none if its body is whole."""
    return [] if row.pages is None else addresses(row.pages)


def _record(row: Any, frames: Mapping[bytes, bytes]) -> Record:
    """Return the record of a row of `dag_record`, not yet checked against its digest."""
    held = [row.body] if row.pages is None else [frames.get(page, b"") for page in _pages_of(row)]
    return Record(unpack(held, row.size), row.dag_id, row.digest, row.format)


def _parts(values: list[bytes]) -> Iterator[list[bytes]]:
    """Yield values in numbers that one statement takes."""
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))


def records_of(session: Session, digests: Iterable[Digest]) -> Iterator[tuple[Digest, Record | None]]:
    """Yield records with their digests, in as few queries as they can be read; None for one lost or altered.

    No more than some are in memory at once.
    """
    wanted = list(dict.fromkeys(digests))
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        rows = {row.digest: row for row in session.execute(select(dag_record).where(dag_record.c.digest.in_(part)))}
        frames = _frames(session, sorted({page for row in rows.values() for page in _pages_of(row)}), False)
        for digest in part:
            record = _record(rows[digest], frames) if digest in rows else None
            yield digest, record if record and Digest.of(record.body) == digest else None


_AT_ONCE = 25
"""Records that are read in one query."""
