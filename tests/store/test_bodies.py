"""Bodies as they are stored: byte for byte the same when they come back."""

import random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from store_cases import record_of

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store.bodies import PAGED_FROM, Packed, addresses, pack, unpack

NAMES = [f"task_{number:04}" for number in range(400)]


def _body(task_ids: list[str], **notes: str) -> bytes:
    """Return the body of a DAG whose tasks take about a kilobyte each."""
    tasks = {name: Task(operator="x.Y", args={"note": notes.get(name, ""), "text": _text(name)}) for name in task_ids}
    return Record.of_dag(Dag(fields=DagFields(dag_id="etl"), tasks=tasks)).body


def _text(name: str) -> str:
    return "".join(random.Random(name).choices("abcdefgh ", k=900))


def _unpacked(packed: Packed) -> bytes:
    frames = [packed.body or b""] if packed.pages is None else [packed.frames[each] for each in addresses(packed.pages)]
    return unpack(frames, packed.size)


@settings(max_examples=50)
@given(st.lists(st.text(min_size=1, max_size=250), min_size=1, max_size=120, unique=True))
def test_any_task_ids_come_back(task_ids: list[str]) -> None:
    fields = DagFields(dag_id="etl", doc_md="x" * PAGED_FROM)
    tasks = {
        task_id: Task(operator="x.Y") for task_id in task_ids if not any("\ud800" <= c <= "\udfff" for c in task_id)
    }
    body = Record.of_dag(Dag(fields=fields, tasks=tasks)).body
    packed = pack(body)
    assert packed.pages is not None
    assert _unpacked(packed) == body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"x" * PAGED_FROM,
        b'{"tasks":' + b" " * PAGED_FROM + b"}",
        b'{"tasks":{' + b" " * PAGED_FROM + b'"a":{}}}',
        b'{"tasks":{"a":' + b" " * PAGED_FROM + b'{}}, "z": 1}',
        b'{"tasks":{"a":{}},"x":"' + b"x" * PAGED_FROM + b'"}',
        b'{"tasks":[' + b"1," * PAGED_FROM + b"1]}",
        b"\xff" * PAGED_FROM,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_any_bytes_come_back(body: bytes) -> None:
    assert _unpacked(pack(body)) == body


def test_small_body_is_one_frame() -> None:
    packed = pack(record_of().body)
    assert packed.pages is None
    assert packed.body is not None
    assert zstandard.decompress(packed.body) == record_of().body


@pytest.mark.parametrize("change", ["changed", "first", "last", "between", "gone"])
def test_change_of_one_task_alters_few_pages(change: str) -> None:
    before = pack(_body(NAMES))
    after = {
        "changed": _body(NAMES, task_0200="other"),
        "first": _body(["aaa", *NAMES]),
        "last": _body([*NAMES, "zzz"]),
        "between": _body([*NAMES, "task_0200a"]),
        "gone": _body([name for name in NAMES if name != "task_0200"]),
    }[change]
    assert len(before.frames) > 8
    new = set(pack(after).frames) - set(before.frames)
    assert 1 <= len(new) <= 2


def test_pages_do_not_depend_on_the_order_of_declaration() -> None:
    assert pack(_body(NAMES)) == pack(_body(NAMES[::-1]))


def test_frame_that_claims_too_much_is_left_out() -> None:
    bomb = zstandard.ZstdCompressor(3).compress(bytes(10_000_000))
    assert unpack([bomb], 1000) == b""


def test_frame_with_something_behind_it_is_left_out() -> None:
    frame = zstandard.ZstdCompressor(3).compress(b"abc")
    assert unpack([frame], 3) == b"abc"
    assert unpack([frame + b"x"], 3) == b""
    assert unpack([frame[:-1]], 3) == b""
    assert unpack([b""], 3) == b""
