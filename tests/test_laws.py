"""The laws, as property tests: 2,000 examples each. Law 6 is held in tests/history, where there is something to write."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from diff_dags import mirror
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import DAGS, PAIRS, PYTHON_VALUES, SEEDS, V1_DOCUMENTS, shuffled, written
from support import ROOT

from dagserial.canonical import canonical_bytes, settled_bytes
from dagserial.diff import Change, compare
from dagserial.digest import Digest
from dagserial.formats import v1, v2
from dagserial.model import Dag, DagFields
from dagserial.record import Record

law = settings(max_examples=2_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def rebuilt(dag: Dag, chance: Random) -> Dag:
    """Return the same DAG, declared in another order."""

    def again(value: Any) -> Any:
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        kept = {name: fields.pop(name) for name in ("mapping", "params") if name in fields}
        return type(value)(**shuffled(fields, chance.shuffle), **kept)

    groups = {group_id: again(group) for group_id, group in shuffled(dag.groups, chance.shuffle).items()}
    tasks = {task_id: again(task) for task_id, task in shuffled(dag.tasks, chance.shuffle).items()}
    return Dag(fields=again(dag.fields), groups=groups, tasks=tasks)


@law
@given(DAGS, SEEDS)
def test_law_1_the_order_of_insertion_moves_nothing(dag: Dag, seed: int) -> None:
    assert v2.encode(rebuilt(dag, Random(seed))) == v2.encode(dag)


@law
@given(PYTHON_VALUES)
def test_law_1_a_value_is_written_alike_each_time(value: Any) -> None:
    assert canonical_bytes(written(value)) == canonical_bytes(written(value))


@law
@given(DAGS)
def test_law_2_decoding_gives_the_dag_back_and_encoding_that_the_same_bytes(dag: Dag) -> None:
    body = v2.encode(dag)
    decoded = v2.decode(body)
    assert decoded == dag
    assert v2.encode(decoded) == body


@law
@given(DAGS)
def test_law_3_the_digest_is_the_sha_256_of_the_body(dag: Dag) -> None:
    record = Record.of_dag(dag)
    assert record.digest == "sha256:" + hashlib.sha256(record.body).hexdigest()
    assert record == Record.of(record.body, expected=record.digest)
    assert record.dag() == dag


def test_law_3_sha256sum_agrees(tmp_path: Path) -> None:
    record = Record.of_dag(Dag(fields=DagFields(dag_id="é", schedule=None)))
    (tmp_path / "record.json").write_bytes(record.body)
    done = subprocess.run(["sha256sum", "record.json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == record.digest.hex


@law
@given(V1_DOCUMENTS)
def test_law_4_upgrading_is_total_and_pure(document: v1.Document) -> None:
    body = settled_bytes(document)
    record = Record.of(body)
    upgraded = Record.of_dag(record.dag())
    assert upgraded.body == Record.of_dag(v1.upgrade(document)).body == Record.of_dag(record.dag()).body
    assert Record.of(upgraded.body).dag() == record.dag()
    assert settled_bytes(document) == body == record.body
    assert (record.format, record.digest) == (1, Digest.of(body))


@law
@given(PAIRS)
def test_law_5_changes_are_none_exactly_for_equal_bytes_and_mirror_the_opposite_ones(pair: tuple[Dag, Dag]) -> None:
    old, new = pair
    changes = compare(old, new)
    assert (not changes) == (v2.encode(old) == v2.encode(new))
    assert encoded(compare(new, old)) == encoded(mirror(changes))


def encoded(changes: tuple[Change, ...]) -> list[bytes]:
    """Return changes as bytes: Python holds 1, 1.0 and True equal."""
    return [settled_bytes(change) for change in changes]


PROGRAM = (
    """
import collections, dataclasses, datetime as dt, decimal, enum, functools, os, pathlib, random, uuid, zoneinfo
from dateutil.relativedelta import relativedelta
from dagserial.authoring import DAG, Asset, BaseOperator, Param, TaskGroup, setup, task, task_group, teardown
from dagserial.canonical import canonical_bytes
from dagserial.record import serialize

heap = [[object()] for _ in range(int(os.environ["HEAP"]))]

class Operator(BaseOperator):
    pass

class Colour(enum.Enum):
    RED = 1

@dataclasses.dataclass
class Window:
    hours: int
    names: frozenset = frozenset("abcd")

Point = collections.namedtuple("Point", "x y")

def outer(limit, names):
    def inner(x): return x < limit
    return inner

def annotated[T](x: T) -> T: return x
""".replace(
        "def annotated[T](x: T) -> T: return x",
        "async def annotated(x: 'int', /, *, y=(1, 2)) -> 'str': return f'{x!r:>{y}}'",
    )
    + """
values = [
    {3, 1, 2}, frozenset({"y", "x"}), {frozenset("ab"), 1, "1", None}, (1, 1.0, True, "1"), 2**70, float("nan"), -0.0, b"ab", 1j,
    decimal.Decimal("1.10"), uuid.UUID(int=1), pathlib.PurePosixPath("/a"), {1: "a", "1": "b"}, dt.datetime(2026, 1, 1),
    dt.datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")), dt.date(2026, 1, 1), dt.time(1, 2),
    relativedelta(months=1), Colour.RED, Window(1), Point({"b", "a"}, 2), functools.partial(outer, 1, names={"x", "y"}),
    outer(3, {"a", "b"}), lambda x: [y for y in x if y], annotated, len, str.upper, range(3), dt.timezone.utc, Window, decimal,
]
with DAG("law", schedule=dt.timedelta(hours=6), tags={"b", "a", "c"}, start_date=dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")), params={"z": Param(1, type="integer"), "a": {"x", "y"}}, default_args={"retries": 2, "names": {"p", "q"}}) as dag:
    first = Operator(task_id="first", payload=values)
    with TaskGroup("group", tooltip="t"):
        for name in sorted("cab"):
            Operator(task_id=name, outlets=[Asset("s3://a")]) << first
    @task
    def second(value, other=None):
        # A comment.
        try:
            return [*value, other]
        except* ValueError as error:
            raise error
    second.partial(other={"u", "v"}).expand(value=first.output.map(lambda x: x + 1))
    second.expand_kwargs([{"value": {1: 2}}, {"value": values}])
print(serialize(dag).digest)
"""
)


def digest(python: Path | str, file: Path, cwd: Path, **env: str) -> str:
    """Run the program in a process of its own and return the digest it prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HEAP": "10", **env}
    done = subprocess.run([str(python), str(file)], env=env, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("law") / "law.py"
    file.write_text(PROGRAM)
    return file


@pytest.fixture(scope="module")
def expected(program: Path) -> str:
    return digest(sys.executable, program, ROOT, PYTHONHASHSEED="7", TZ="UTC", LC_ALL="C.UTF-8")


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_law_1_fresh_processes_give_the_same_bytes(
    seed: str, zone: str, program: Path, expected: str, tmp_path: Path
) -> None:
    env = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C", "HEAP": "1" + seed}
    assert digest(sys.executable, program, tmp_path, **env) == expected


def test_law_1_another_python_gives_the_same_bytes(
    another_python: Path, program: Path, expected: str, tmp_path: Path
) -> None:
    assert digest(another_python, program, tmp_path, PYTHONHASHSEED="3", TZ="Asia/Tokyo", LC_ALL="C") == expected


DISTINCT: list[Any] = [
    *(1, 1.0, True, "1", None, "", 0, False, -0.0, 0.0, float("nan"), float("inf"), float("-inf"), 2**53, 2.0**53, 1j),
    *([1, 2], (1, 2), {1, 2}, frozenset({1, 2}), [2, 1], {"a": 1}, {1: "a"}, {"1": "a"}, {"$": "a"}, ()),
    {"$": "tuple", "items": []},
    *(b"1", bytearray(b"2"), range(3), len, print, "".join, int, pytest),
]


def test_values_of_different_type_are_written_apart() -> None:
    bodies = [v2.encode(Dag(fields=DagFields(dag_id="d", doc_md=written(value)))) for value in DISTINCT]
    assert len(set(bodies)) == len(DISTINCT)


def kinds(value: Any) -> Any:
    """Return a value with the type of every part of it, so that 1, 1.0 and True are three."""
    if isinstance(value, dict):
        return dict, frozenset((kinds(key), kinds(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return type(value), tuple(map(kinds, value))
    if isinstance(value, set | frozenset):
        return type(value), frozenset(map(kinds, value))
    return type(value), repr(value)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 1.0, 0.5]) | st.sampled_from("a1$"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(st.sampled_from(["a", "$", 1, "1", None]), inner, max_size=2)
        | st.sets(st.sampled_from([1, "1", None]))
        | st.frozensets(st.sampled_from([1, "1", None]))
    ),
    max_leaves=4,
)


@law
@given(PLAIN, PLAIN)
def test_two_values_are_written_alike_exactly_when_they_are_alike_in_type_and_value(left: Any, right: Any) -> None:
    assert (canonical_bytes(written(left)) == canonical_bytes(written(right))) == (kinds(left) == kinds(right))
