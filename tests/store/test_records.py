"""Records and versions."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, event, func, insert, select
from sqlalchemy.orm import Session
from store_cases import HOSTILE_IDS, IMAGE, LATER, NOON, digest_with, record_of

from dagserial.digest import Digest
from dagserial.errors import DigestMismatchError, NotFoundError, RecordError, SettingsError
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Instance, Origin, RecordStore, Referrer, Version, put_instances, stamp
from dagserial.store.bodies import Packed, pack
from dagserial.store.tables import dag_record, record_page

A, B = record_of(operator="x.A"), record_of(operator="x.B")


@pytest.fixture
def store(session: Session) -> RecordStore:
    return RecordStore(session)


def _records(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(dag_record)) or 0


def test_first_put_is_version_1_with_its_provenance(store: RecordStore) -> None:
    origin = Origin(
        bundle_name="main",
        bundle_version="c0ffee",
        ref="v1.2.0",
        is_dirty=True,
        file="dags/etl.py",
        line=12,
        image=IMAGE,
        note="caf\u00e9\nfor the audit",
        labels={"team": "sales", "\U0001f680": ""},
    )
    version = store.put(A, created_at=NOON, origin=origin)
    assert version == Version(dag_id="etl", number=1, digest=A.digest, origin=origin, created_at=NOON)
    assert store.versions("etl") == [version]


def test_put_again_changes_nothing(store: RecordStore, session: Session) -> None:
    first = store.put(A, created_at=NOON, origin=Origin(bundle_version="1"))
    assert store.put(A, created_at=LATER, origin=Origin(bundle_version="2")) == first
    assert store.versions("etl") == [first]
    assert _records(session) == 1


def test_there_and_back_is_three_versions_of_two_records(store: RecordStore, session: Session) -> None:
    for record in (A, B, A):
        store.put(record, created_at=NOON)
    assert [(v.number, v.digest) for v in store.versions("etl")] == [(3, A.digest), (2, B.digest), (1, A.digest)]
    assert _records(session) == 2


def test_versions_are_counted_per_dag(store: RecordStore) -> None:
    for dag_id in ("one", "two"):
        for operator in ("x.A", "x.B"):
            store.put(record_of(dag_id, operator), created_at=NOON)
    assert [v.number for v in store.versions("one")] == [v.number for v in store.versions("two")] == [2, 1]


def test_time_of_a_version_is_utc_when_put_and_when_read(store: RecordStore) -> None:
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=-5)))
    assert store.put(A, created_at=moment).created_at.tzinfo is UTC
    assert store.put(A, created_at=moment).created_at.isoformat() == "2026-01-01T06:00:00+00:00"


def _in_format_1(record: Record) -> Record:
    """Return the record of format 1 that says the same of a DAG without anything that is new in format 2."""
    return Record.of(record.body.replace(b'"format":2', b'"format":1'))


def test_same_meaning_in_another_format_is_kept_but_no_version(store: RecordStore) -> None:
    old = _in_format_1(A)
    first = store.put(old, created_at=NOON)
    assert store.put(A, created_at=NOON) == first
    assert store.get(A.digest) == A
    assert store.get(old.digest) == old
    assert len(store.versions("etl")) == 1


def test_other_meaning_in_another_format_is_a_version(store: RecordStore) -> None:
    store.put(_in_format_1(A), created_at=NOON)
    assert store.put(B, created_at=NOON).number == 2
    assert store.put(_in_format_1(A), created_at=NOON).number == 3


def test_number_taken_by_another_session_is_passed_over(engine: Engine) -> None:
    with _taking(engine, "dag_version", B), Session(engine) as session:
        assert RecordStore(session).put(A, created_at=NOON).number == 2
        assert [v.digest for v in RecordStore(session).versions("etl")] == [A.digest, B.digest]


def test_same_record_put_by_a_faster_session_is_its_version(engine: Engine) -> None:
    with _taking(engine, "dag_version", A), Session(engine) as session:
        version = RecordStore(session).put(A, created_at=NOON)
        assert (version.number, version.created_at) == (1, LATER)
        assert RecordStore(session).versions("etl") == [version]


@contextmanager
def _taking(engine: Engine, table: str, record: Record) -> Iterator[None]:
    """Put a record behind the back of the session that is about to insert into a table, before it does."""
    taken: list[Record] = []

    def take(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(f"INSERT INTO {table}") and not taken:
            taken.append(record)
            with Session(connection, join_transaction_mode="create_savepoint") as session, session.begin():
                RecordStore(session).put(record, created_at=LATER)

    event.listen(engine, "before_cursor_execute", take)
    yield
    event.remove(engine, "before_cursor_execute", take)
    assert taken == [record]


def test_record_with_a_false_digest_is_not_kept(store: RecordStore, session: Session) -> None:
    with pytest.raises(DigestMismatchError):
        store.put(Record(A.body, "etl", B.digest, 2), created_at=NOON)
    assert _records(session) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"image": "repo:latest"},
        {"image": "x" * 450 + "@sha256:" + "0" * 64},
        {"file": "dags/\udc80.py"},
        {"line": 0},
        {"line": 2**31},
        {"bundle_name": "a\0b"},
        {"bundle_name": "x" * 251},
        {"bundle_version": "\ud800"},
        {"bundle_version": "x" * 251},
        {"ref": "\0"},
        {"note": "\0"},
        {"labels": {"\0": ""}},
        {"labels": {"a": "\0"}},
        {"labels": {"a": 1}},
    ],
    ids=str,
)
def test_wrong_provenance_is_refused_before_anything_is_kept(
    store: RecordStore, session: Session, wrong: dict[str, object]
) -> None:
    with pytest.raises(SettingsError):
        store.put(A, created_at=NOON, origin=Origin(**wrong))  # type: ignore[arg-type]
    assert _records(session) == 0


def test_time_without_a_zone_is_refused_before_anything_is_kept(store: RecordStore, session: Session) -> None:
    with pytest.raises(SettingsError, match="no time zone"):
        store.put(A, created_at=datetime(2026, 1, 1))
    assert _records(session) == 0


@pytest.mark.parametrize("dag_id", ["", "x" * 251, "a\0b"])
def test_id_that_no_column_holds_is_refused(store: RecordStore, dag_id: str) -> None:
    with pytest.raises(SettingsError, match="dag_id"):
        store.put(record_of(dag_id), created_at=NOON)


@pytest.mark.parametrize("dag_id", HOSTILE_IDS)
def test_hostile_id_is_only_an_id(store: RecordStore, dag_id: str) -> None:
    others = [store.put(record_of(other), created_at=NOON) for other in ("etl", *HOSTILE_IDS) if other != dag_id]
    assert store.versions(dag_id) == []
    version = store.put(record_of(dag_id), created_at=NOON, origin=Origin(file=dag_id, bundle_name=dag_id))
    assert store.versions(dag_id) == [version]
    assert store.latest(dag_id) == version
    assert version.number == 1
    assert store.get(version.digest).dag_id == dag_id
    assert [store.latest(other.dag_id) for other in others] == others


def test_get_returns_the_very_bytes(store: RecordStore) -> None:
    store.put(A, created_at=NOON)
    assert store.get(A.digest) == A
    assert type(store.get(A.digest).digest) is Digest


def test_large_body_comes_back_whole(store: RecordStore) -> None:
    large = record_of(operator="x." + "Y" * 5_000_000)
    store.put(large, created_at=NOON)
    assert store.get(large.digest).body == large.body


def test_get_of_nothing_is_not_found(store: RecordStore) -> None:
    with pytest.raises(NotFoundError, match=A.digest):
        store.get(A.digest)


def test_altered_bytes_are_never_returned(store: RecordStore, session: Session) -> None:
    _insert(session, B.digest, pack(A.body))
    with pytest.raises(DigestMismatchError) as caught:
        store.get(B.digest)
    assert (caught.value.expected, caught.value.found) == (B.digest, A.digest)


@pytest.mark.parametrize("place", [0, 4, 8, 20, -1])
def test_flipped_byte_is_never_returned(store: RecordStore, session: Session, place: int) -> None:
    packed = pack(A.body)
    assert packed.body
    _insert(session, A.digest, msgspec.structs.replace(packed, body=_flipped(packed.body, place)))
    with pytest.raises(DigestMismatchError):
        store.get(A.digest)


LARGE = Record.of_dag(
    Dag(fields=DagFields(dag_id="large"), tasks={f"t{n}": Task(operator="x.Y" * 20) for n in range(1500)})
)


def test_large_record_is_kept_as_pages_and_comes_back_whole(store: RecordStore, session: Session) -> None:
    store.put(LARGE, created_at=NOON)
    assert store.get(LARGE.digest) == LARGE
    row = session.execute(select(dag_record)).one()
    assert (row.size, row.body) == (len(LARGE.body), None)
    assert session.scalar(select(func.count()).select_from(record_page)) == len(row.pages) // 32 > 10


def test_versions_of_a_large_dag_share_their_pages(store: RecordStore, session: Session) -> None:
    store.put(LARGE, created_at=NOON)
    before = session.scalar(select(func.count()).select_from(record_page)) or 0
    changed = Record.of_dag(Dag(fields=LARGE.dag().fields, tasks={**LARGE.dag().tasks, "t700": Task(operator="x.Z")}))
    assert store.put(changed, created_at=NOON).number == 2
    assert session.scalar(select(func.count()).select_from(record_page)) == before + 1
    assert [store.get(record.digest) for record in (LARGE, changed)] == [LARGE, changed]


@pytest.mark.parametrize("place", [0, 8, 30, -1])
def test_flipped_byte_of_a_page_is_never_returned(store: RecordStore, session: Session, place: int) -> None:
    packed = pack(LARGE.body)
    frames = dict(packed.frames)
    address = sorted(frames)[3]
    frames[address] = _flipped(frames[address], place)
    _insert(session, LARGE.digest, msgspec.structs.replace(packed, frames=frames))
    with pytest.raises(DigestMismatchError):
        store.get(LARGE.digest)


def test_lost_or_exchanged_page_is_never_returned(store: RecordStore, session: Session) -> None:
    packed = pack(LARGE.body)
    frames = dict(packed.frames)
    one, other = sorted(frames)[:2]
    for wrong in (
        {address: frame for address, frame in frames.items() if address != one},
        {**frames, one: frames[other], other: frames[one]},
    ):
        with session.begin_nested() as savepoint:
            _insert(session, LARGE.digest, msgspec.structs.replace(packed, frames=wrong))
            with pytest.raises(DigestMismatchError):
                store.get(LARGE.digest)
            savepoint.rollback()


def _flipped(frame: bytes, place: int) -> bytes:
    altered = bytearray(frame)
    altered[place] ^= 1
    return bytes(altered)


def _insert(session: Session, digest: Digest, packed: Packed) -> None:
    """Insert what a disk, or a person, may have made of a record."""
    row = {"digest": digest, "format": 2, "dag_id": "etl"}
    row |= {"size": packed.size, "body": packed.body, "pages": packed.pages}
    session.execute(insert(dag_record).values(row))
    for address, frame in packed.frames.items():
        session.execute(insert(record_page).values(address=address, frame=frame))


@pytest.mark.parametrize("length", [8, 9, 63, 64])
def test_find_takes_8_digits_or_more(store: RecordStore, length: int) -> None:
    for record in (A, B):
        store.put(record, created_at=NOON)
    found = store.find(A.digest[: 7 + length])
    assert found == A.digest
    assert type(found) is Digest


def test_find_of_nothing_is_not_found(store: RecordStore) -> None:
    with pytest.raises(NotFoundError, match="sha256:00000000"):
        store.find("sha256:00000000")


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "sha256:",
        "sha256:1234567",
        "12345678",
        "sha256:1234567G",
        "SHA256:12345678",
        "sha256:ABCDEF01",
        "sha256:%%%%%%%%",
        "sha256:________",
        "sha256:12345678%",
        "sha256:12345678\n",
        "sha256:" + "0" * 65,
    ],
)
def test_find_refuses_what_is_no_prefix(store: RecordStore, prefix: str) -> None:
    with pytest.raises(SettingsError, match="prefix"):
        store.find(prefix)


def _insert_bodiless(session: Session, *digits: str) -> None:
    rows = [{"digest": digest_with(each), "format": 2, "dag_id": "etl", "size": 0, "body": b""} for each in digits]
    session.execute(insert(dag_record), rows)


def test_find_tells_the_candidates(store: RecordStore, session: Session) -> None:
    _insert_bodiless(session, "123456781", "12345678f", "12345677", "12345679")
    with pytest.raises(NotFoundError, match="ambiguous") as caught:
        store.find("sha256:12345678")
    assert digest_with("123456781") in str(caught.value)
    assert digest_with("12345678f") in str(caught.value)
    assert digest_with("12345677") not in str(caught.value)
    assert store.find("sha256:12345678f") == digest_with("12345678f")


def test_find_tells_ten_candidates_at_most(store: RecordStore, session: Session) -> None:
    _insert_bodiless(session, *(f"12345678{n:04x}" for n in range(12)))
    with pytest.raises(NotFoundError, match="and more") as caught:
        store.find("sha256:12345678")
    assert str(caught.value).count("sha256:") == 11


def test_dag_that_was_never_put_has_no_versions(store: RecordStore) -> None:
    assert store.versions("etl") == []
    assert store.latest("etl") is None


def test_many_are_put_as_one_after_the_other(store: RecordStore, session: Session) -> None:
    store.put(B, created_at=NOON)
    other = record_of("other")
    puts = [
        (A, Origin(ref="1")),
        (other, Origin(ref="2")),
        (A, Origin(ref="3")),
        (B, Origin(ref="4")),
        (_in_format_1(B), Origin(ref="5")),
        (A, Origin(ref="6")),
    ]
    assert store.put_many(iter(puts), created_at=LATER) == [2, 1, 2, 3, 3, 4]
    assert [(v.number, v.digest, v.origin.ref) for v in store.versions("etl")] == [
        (4, A.digest, "6"),
        (3, B.digest, "4"),
        (2, A.digest, "1"),
        (1, B.digest, None),
    ]
    assert store.put_many([], created_at=LATER) == []
    assert _records(session) == 4


def test_more_are_put_than_one_statement_takes(store: RecordStore) -> None:
    records = [record_of(f"dag{n % 4200}", f"x.A{n // 4200}") for n in range(4300)]
    puts = [(record, Origin()) for record in records]
    assert store.put_many(puts, created_at=NOON) == [1] * 4200 + [2] * 100
    for record in (records[0], records[2700], records[4299]):
        assert store.get(record.digest) == record
    assert store.put_many([puts[4299], puts[2700], puts[5]], created_at=LATER) == [2, 1, 3]


def test_what_is_unchanged_costs_one_statement_for_many(engine: Engine) -> None:
    statements: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    puts = [(record_of(f"dag{n}"), Origin()) for n in range(300)]
    with Session(engine) as session:
        RecordStore(session).put_many(puts, created_at=NOON)
        event.listen(engine, "before_cursor_execute", note)
        RecordStore(session).put_many(puts, created_at=NOON)
        event.remove(engine, "before_cursor_execute", note)
    assert [statement.split()[0] for statement in statements] == ["SELECT"]


def test_one_wrong_record_of_many_keeps_all_out(store: RecordStore, session: Session) -> None:
    with pytest.raises(SettingsError, match="line 0"):
        store.put_many([(A, Origin()), (B, Origin(line=0))], created_at=NOON)
    with pytest.raises(DigestMismatchError):
        store.put_many([(A, Origin()), (Record(A.body, "other", B.digest, 2), Origin())], created_at=NOON)
    assert _records(session) == 0


def test_referrers_are_versions_runs_and_instances(store: RecordStore, session: Session) -> None:
    for record in (A, B, A):
        store.put(record, created_at=NOON)
    stamp(session, "etl", "r2", A, created_at=NOON)
    stamp(session, "etl", "r1", B, created_at=NOON)
    put_instances(session, "etl", "r1", [Instance(task_id="a", digest=A.digest), Instance(task_id="b", map_index=1)])
    assert store.referrers(A.digest) == [
        Referrer(dag_id="etl", number=1),
        Referrer(dag_id="etl", number=3),
        Referrer(dag_id="etl", run_id="r2"),
        Referrer(dag_id="etl", run_id="r1", task_id="a", map_index=-1),
    ]
    assert store.referrers(digest_with("1")) == []


@pytest.mark.parametrize("lie", [{"dag_id": "etl"}, {"format": 1}], ids=["dag", "format"])
@pytest.mark.parametrize("is_kept", [True, False])
def test_body_of_another_dag_or_format_is_refused(session: Session, lie: dict[str, Any], is_kept: bool) -> None:
    honest = record_of("other")
    if is_kept:
        RecordStore(session).put(honest, created_at=NOON)
    lying = msgspec.structs.replace(honest, **lie)
    if is_kept and "dag_id" not in lie:
        assert RecordStore(session).put(lying, created_at=NOON).number == 1  # what is kept says the format
    else:
        with pytest.raises(RecordError, match="is of DAG 'other' in format 2"):
            RecordStore(session).put(lying, created_at=NOON)
    assert RecordStore(session).versions("etl") == []


def test_bytes_that_are_no_record_are_refused(session: Session) -> None:
    body = b'{"dag":[]}'
    with pytest.raises(RecordError, match="is none"):
        RecordStore(session).put(Record(body, "etl", Digest.of(body), 2), created_at=NOON)
