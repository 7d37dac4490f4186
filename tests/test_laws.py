"""The laws, as property tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT

from dagserial.canonical import MAX_EXACT_INT, is_plain_float
from dagserial.digest import Digest
from dagserial.formats import v2
from dagserial.model import Dag, DagFields, Encoder, Group, Mapping, Task
from dagserial.record import Record

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
IDS = st.text(st.sampled_from("abcé.-_0"), min_size=1, max_size=5)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_EXACT_INT, MAX_EXACT_INT)
    | st.floats(allow_nan=False, allow_infinity=False).filter(is_plain_float)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ARGS = st.dictionaries(IDS, VALUES, max_size=3)
MAPPINGS = (
    st.none()
    | st.builds(Mapping, expand=st.lists(st.tuples(IDS, VALUES), min_size=1, max_size=2).map(tuple))
    | st.builds(Mapping, expand_kwargs=VALUES)
)


@st.composite
def dags(draw: st.DrawFn) -> Dag:
    """DAGs of up to four tasks in up to two groups, without circles."""
    groups = draw(st.lists(IDS, max_size=2, unique=True))
    ids = [task_id for task_id in draw(st.lists(IDS, max_size=4, unique=True)) if task_id not in groups]
    tasks = {}
    for position, task_id in enumerate(ids):
        upstream = draw(st.sets(st.sampled_from(ids[:position]))) if position else set()
        tasks[task_id] = Task(
            args=draw(ARGS),
            group=draw(st.sampled_from([None, *groups])),
            labels={before: draw(TEXTS) for before in sorted(upstream) if draw(st.booleans())},
            mapping=draw(MAPPINGS),
            operator=draw(IDS),
            setup=draw(st.booleans()),
            upstream=tuple(sorted(upstream)),
        )
    fields = DagFields(
        dag_id=draw(IDS),
        **draw(st.dictionaries(st.sampled_from(["schedule", "tags", "doc_md", "catchup"]), VALUES)),
        extra=draw(ARGS),
        params=tuple(draw(st.dictionaries(IDS, VALUES, max_size=2)).items()),
    )
    return Dag(fields=fields, groups={group_id: Group(tooltip=draw(VALUES)) for group_id in groups}, tasks=tasks)


@settings(max_examples=2_000)
@given(dags())
def test_law_2_decoding_gives_the_dag_back_and_encoding_that_the_same_bytes(dag: Dag) -> None:
    body = v2.encode(dag)
    decoded = v2.decode(body)
    assert decoded == dag
    assert v2.encode(decoded) == body


@settings(max_examples=2_000)
@given(dags(), st.randoms())
def test_law_1_the_order_of_insertion_moves_nothing(dag: Dag, chance: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            chance.shuffle(keys)
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    tasks = {
        task_id: Task(**{name: shuffled(getattr(task, name)) for name in Task.__struct_fields__})
        for task_id, task in shuffled(dag.tasks).items()
    }
    assert v2.encode(Dag(fields=dag.fields, groups=shuffled(dag.groups), tasks=tasks)) == v2.encode(dag)


@settings(max_examples=2_000)
@given(dags())
def test_law_3_the_digest_is_the_sha_256_of_the_body(dag: Dag) -> None:
    record = Record.of_dag(dag)
    assert record == Record.of(record.body)
    assert record.digest == Digest.of(record.body)
    assert record.dag() == dag


def test_law_3_sha256sum_agrees(tmp_path: Path) -> None:
    record = Record.of_dag(Dag(fields=DagFields(dag_id="é", schedule=None)))
    (tmp_path / "record.json").write_bytes(record.body)
    done = subprocess.run(["sha256sum", "record.json"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == record.digest.hex


PROGRAM = """
import datetime as dt, decimal, pathlib, uuid, zoneinfo
from dagserial.authoring import DAG, BaseOperator, task
from dagserial.record import serialize

class Operator(BaseOperator):
    pass

with DAG("law", schedule=dt.timedelta(hours=6), tags={"b", "a", "c"}, start_date=dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))) as dag:
    first = Operator(task_id="first", payload=[{3, 1, 2}, frozenset({"y", "x"}), (1, 1.0, True, "1"), 2**70, float("nan"), -0.0, b"ab", decimal.Decimal("1.10"), uuid.UUID(int=1), pathlib.PurePosixPath("/a"), {1: "a", "1": "b"}, dt.datetime(2026, 1, 1)])
    @task
    def second(value):
        return value
    second(first.output)
print(serialize(dag).digest)
"""


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_law_1_fresh_processes_give_the_same_bytes(seed: str, zone: str, tmp_path: Path) -> None:
    (tmp_path / "law.py").write_text(PROGRAM)
    digests = set()
    for env, cwd in (
        ({"PYTHONHASHSEED": "7", "TZ": "UTC"}, ROOT),
        ({"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}, tmp_path),
    ):
        done = subprocess.run(
            [sys.executable, str(tmp_path / "law.py")],
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


DISTINCT: list[Any] = [
    *(1, 1.0, True, "1", None, "", 0, False, -0.0, 0.0, float("nan"), float("inf"), float("-inf"), 2**53, 2.0**53, 1j),
    *(
        [1, 2],
        (1, 2),
        {1, 2},
        frozenset({1, 2}),
        [2, 1],
        {"a": 1},
        {1: "a"},
        {"1": "a"},
        {"$": "a"},
        {"$": "tuple", "items": []},
        (),
    ),
    *(b"1", bytearray(b"2"), range(3), len, print, "".join, int, pytest),
]


def test_values_of_different_type_are_written_apart() -> None:
    written = [v2.encode(Dag(fields=DagFields(dag_id="d", doc_md=Encoder().encode(value)))) for value in DISTINCT]
    assert len(set(written)) == len(DISTINCT)
