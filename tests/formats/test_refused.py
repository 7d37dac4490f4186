"""What is no record is refused by name, in one sentence."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from support import ROOT

from dagserial.canonical import settled_bytes
from dagserial.errors import DigestMismatchError, RecordError, UnknownFormatError
from dagserial.formats import v1, v2
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record

FOLDER = ROOT / "fixtures/records/refused"
CASES = sorted(file.stem for file in FOLDER.glob("*.json"))
DEEP = b'{"dag":{"dag_id":"etl","tags":' + b"[" * 100_000 + b"]" * 100_000 + b'},"format":2}'
GOOD = b'{"dag":{"dag_id":"etl"},"format":2}'


@pytest.mark.parametrize("case", CASES)
def test_a_body_is_refused_in_these_words(case: str, golden: Callable[[Path, bytes], None]) -> None:
    with pytest.raises(RecordError) as caught:
        Record.of((FOLDER / f"{case}.json").read_bytes())
    golden(FOLDER / f"{case}.txt", f"{caught.value}\n".encode())


@pytest.mark.parametrize("case", CASES)
def test_a_refusal_is_one_line_and_a_value_error(case: str) -> None:
    with pytest.raises(ValueError) as caught:
        Record.of((FOLDER / f"{case}.json").read_bytes())
    assert len(str(caught.value).splitlines()) == 1


def test_no_text_is_left_without_its_case() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.txt")) == CASES


def test_an_unknown_format_says_what_was_found_and_what_is_known() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        Record.of((FOLDER / "format_unknown.json").read_bytes())
    assert (caught.value.found, caught.value.known) == (3, (1, 2))


def test_another_digest_than_expected_is_refused_before_the_body_is_read() -> None:
    record = Record.of(GOOD)
    assert Record.of(GOOD, expected=record.digest) == record
    for body in (GOOD + b"\n", GOOD[:-1], b""):
        with pytest.raises(DigestMismatchError) as caught:
            Record.of(body, expected=record.digest)
        assert caught.value.expected == record.digest


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(RecordError, match="nested too deeply"):
        Record.of(DEEP)


@pytest.mark.parametrize("length", range(len(GOOD)))
def test_no_beginning_of_a_record_is_a_record(length: int) -> None:
    with pytest.raises(RecordError):
        Record.of(GOOD[:length])


@pytest.mark.parametrize(
    "number", [b"0", b"-1", b"0.5", b"1e-7", b"-2.5e-10", b"9007199254740991", b"1.0000000000000002"]
)
def test_a_number_in_its_canonical_form_is_read(number: bytes) -> None:
    body = b'{"dag":{"dag_id":"etl","tags":[' + number + b',{"x":' + number + b'}]},"format":2}'
    assert Record.of(body).body == body


@pytest.mark.parametrize(
    "number",
    [b"1.0", b"-0", b"1E5", b"1e5", b"1e+16", b"1e16", b"10000000000000000", b"0.000001", b"1e-6", b"9007199254740992"],
)
def test_a_number_that_a_record_would_tag_is_refused(number: bytes) -> None:
    for body in (b'{"a":%s}', b"[%s]", b"[0,%s]"):
        with pytest.raises(RecordError, match="not canonical"):
            Record.of(b'{"dag":{"dag_id":"etl","tags":' + body % number + b'},"format":2}')


def test_digits_in_a_text_are_no_number() -> None:
    body = b'{"dag":{"dag_id":"etl","tags":["1.0","1e16,2.0]",",9007199254740993,"]},"format":2}'
    assert Record.of(body).body == body


def test_a_chain_of_50_000_tasks_is_read() -> None:
    ids = [f"t{number:05}" for number in range(50_000)]
    new = {old: v1.TaskFields(operator="o.O", upstream=(before,)) for before, old in pairwise(ids)}
    body = settled_bytes(
        v1.Document(v1.DagFields(dag_id="chain"), 1, {}, {"t00000": v1.TaskFields(operator="o.O"), **new})
    )
    dag = Record.of(body).dag()
    assert v2.encode(v2.decode(v2.encode(dag))) == v2.encode(dag)


@pytest.mark.parametrize("depth", [100, 300, 480, 500, 900, 970, 990, 1000, 1500, 5000])
@pytest.mark.parametrize(("leaf", "end"), [(b"1", b""), (b"1e-7", b""), (b"1", b"\n"), (b'{"a":1,"a":1}', b"")])
def test_deep_nesting_is_read_or_refused_and_nothing_else(depth: int, leaf: bytes, end: bytes) -> None:
    body = b'{"dag":{"dag_id":"etl","tags":' + b"[" * depth + leaf + b"]" * depth + b'},"format":2}' + end
    try:
        record = Record.of(body)
    except RecordError:
        assert depth > 300 or end or b"a" in leaf
    else:
        assert record.body == body


def test_digits_without_end_are_refused() -> None:
    with pytest.raises(RecordError):
        Record.of(b'{"dag":{"dag_id":"etl","tags":' + b"9" * 5000 + b'},"format":2}')
    with pytest.raises(RecordError):
        Record.of(b'{"dag":{"dag_id":"etl","tags":[' + b"9" * 5000 + b',{"a":1,"a":1}]},"format":2}')


def test_two_flawed_tasks_are_told_apart() -> None:
    tasks = b'{"a":{"operator":"o"},"b":{"operator":"o","upstream":[1]},"c":"junk"}'
    with pytest.raises(RecordError, match=r"task 'b': Expected `str`, got `int` - at `\$.upstream"):
        Record.of(b'{"dag":{"dag_id":"etl"},"format":2,"tasks":' + tasks + b"}")


def test_what_only_looks_like_a_tag_is_read() -> None:
    args = {"$": 1, "text": '"$":"secret"', "dict": {"$": "dict", "items": [["$", "secret"]]}}
    task = Task(args=args, labels={"$": "label"}, operator="x.A", upstream=("$",))
    tasks = {"$": Task(operator="x.A"), "a": task}
    body = v2.encode(Dag(fields=DagFields(dag_id="etl", extra={"$": 5}), tasks=tasks))
    assert Record.of(body).dag().tasks["a"] == task
