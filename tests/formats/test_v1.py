"""Format 1 is read for ever: what its records mean today, and that their bytes stay."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from dagserial.canonical import canonical_bytes, settled_bytes
from dagserial.errors import RecordError, UnknownFormatError
from dagserial.formats import v1, v2
from dagserial.record import Record

FOLDER = ROOT / "fixtures/records/v1"
DIGESTS = {
    "every_argument": "12e1b4d13e6cce354b9bbad8e15fa36f235bfb336f48885235f2d5653a4e2af1",
    "minimal": "8cdf7fb13d7b79664fccb02fa2d829140846b0015f1e921a3915746b319ef5c7",
    "nested_groups": "385a24eac3fcc297c705a8af1ad58655058b837ce7dffe107ab78459973934e2",
    "params_unordered": "8184c77e59be59ddd1e5cb0b399dd71fb3473f627b0234dc1017630b05ebc0f3",
    "renamed_arguments": "c610e0e0d2325b602a1223f916ee804e94126e133d30f08fd26a69a8276f86f1",
    "tasks_and_edges": "9b0593495efe4f161a894167dabb9bd858b7c113f6cc11505858f93339bc6626",
    "values": "793417dbf33678d81ab49287489fa7bc5bb5a8399daa67c1d789ee03cc162d08",
}
BASH = "airflow.operators.bash_operator.BashOperator"

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)
OWN_SHAPES = ("dag_id", "extra", "params")


@st.composite
def documents(draw: st.DrawFn) -> v1.Document:
    """Documents of format 1 that hold together: tasks follow only tasks that come before them."""
    arguments = [name for name in v1.DagFields.__struct_fields__ if name not in OWN_SHAPES]
    fields = draw(st.dictionaries(st.sampled_from(arguments), values, max_size=5))
    params = draw(st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=4))
    groups = (
        {"g": v1.GroupFields(tooltip=draw(values)), "g.h": v1.GroupFields(parent="g")} if draw(st.booleans()) else {}
    )
    tasks: dict[str, v1.TaskFields] = {}
    free = st.text(st.characters(codec="utf-8"), max_size=4).filter(lambda task_id: task_id not in groups)
    for task_id in draw(st.lists(free, unique=True, max_size=5)):
        upstream = tuple(sorted(draw(st.sets(st.sampled_from(sorted(tasks)))))) if tasks else ()
        group = draw(st.sampled_from([None, *groups]))
        args = draw(st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=2))
        tasks[task_id] = v1.TaskFields(operator="o.O", args=args, group=group, upstream=upstream)
    return v1.Document(v1.DagFields(dag_id="etl", params=params, **fields), 1, groups, tasks)


def body_of(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def upgraded(name: str) -> Any:
    return json.loads(v2.encode(v1.decode(body_of(name))))


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_v1_record_keeps_its_digest(name: str) -> None:
    record = Record.of(body_of(name))
    assert (record.format, record.digest) == (1, f"sha256:{DIGESTS[name]}")
    assert record.digest.hex == hashlib.sha256(record.body).hexdigest()


def test_every_v1_fixture_is_pinned() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == DIGESTS.keys()


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_a_v1_fixture_is_canonical_json(name: str) -> None:
    assert canonical_bytes(json.loads(body_of(name))) == body_of(name)


def test_plain_tasks_mean_what_they_meant() -> None:
    old = json.loads(body_of("tasks_and_edges"))
    new = upgraded("tasks_and_edges")
    assert new["format"] == 2
    assert new["tasks"] == old["tasks"]
    assert new["dag"].pop("schedule") == old["dag"].pop("schedule_interval")
    assert new["dag"] == old["dag"]


def test_groups_mean_what_they_meant() -> None:
    old = json.loads(body_of("nested_groups"))
    assert upgraded("nested_groups") == old | {"format": 2}


def test_renamed_arguments_have_their_current_names() -> None:
    assert upgraded("renamed_arguments")["dag"] == {
        "dag_id": "renamed",
        "max_active_tasks": 4,
        "schedule": {"$": "timedelta", "value": "PT5M"},
    }


def test_params_come_sorted_by_name() -> None:
    assert [name for name, _ in upgraded("params_unordered")["dag"]["params"]] == [
        "Zone",
        "from",
        "limit",
        "until",
        "é",
    ]


def test_every_argument_survives_the_upgrade() -> None:
    old = json.loads(body_of("every_argument"))["dag"]
    assert set(v1.DagFields.__struct_fields__) == old.keys()
    new = upgraded("every_argument")["dag"]
    renamed = {"concurrency": "max_active_tasks", "schedule_interval": "schedule"}
    expected = {renamed.get(name, name): value for name, value in old.items()} | {"params": [["a", 1]]}
    assert new == expected


def test_values_are_kept_as_they_are() -> None:
    assert canonical_bytes(upgraded("values")["dag"]) == canonical_bytes(json.loads(body_of("values"))["dag"])


def test_a_declared_null_stays_and_what_was_not_declared_stays_absent() -> None:
    body = b'{"dag":{"dag_id":"etl","schedule_interval":null},"format":1}'
    assert v2.encode(v1.decode(body)) == b'{"dag":{"dag_id":"etl","schedule":null},"format":2}'


def test_reading_does_not_rewrite_the_body() -> None:
    body = body_of("params_unordered")
    record = Record.of(body)
    record.dag()
    assert record.body == body


@given(documents())
def test_every_document_of_format_1_upgrades(document: v1.Document) -> None:
    body = settled_bytes(document)
    dag = v1.decode(body)
    assert v2.encode(dag) == v2.encode(v1.upgrade(document))
    assert v2.encode(v2.decode(v2.encode(dag))) == v2.encode(dag)
    assert dag.tasks.keys() == document.tasks.keys()
    assert settled_bytes(document) == body, "upgrading altered its input"


def test_upgrading_is_the_same_in_every_process() -> None:
    code = (
        "import sys, hashlib\nfrom pathlib import Path\nfrom dagserial.formats import v1, v2\n"
        "bodies = (file.read_bytes() for file in sorted(Path(sys.argv[1]).iterdir()))\n"
        "print([hashlib.sha256(v2.encode(v1.decode(body))).hexdigest() for body in bodies])\n"
    )

    def run(seed: str, zone: str) -> str:
        env = {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(FOLDER)]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    assert run("1", "UTC") == run("4242", "Asia/Tokyo")


def test_format_1_has_no_writer() -> None:
    assert not hasattr(v1, "encode")


def test_each_format_refuses_the_other() -> None:
    with pytest.raises(UnknownFormatError) as caught:
        v1.decode(b'{"dag":{"dag_id":"etl"},"format":2}')
    assert (caught.value.found, caught.value.known) == (2, (1,))
    with pytest.raises(UnknownFormatError):
        v2.decode(body_of("minimal"))


def test_a_v1_record_stands_in_for_its_dag_wherever_a_record_does() -> None:
    old = Record.of(body_of("tasks_and_edges"))
    new = Record.of_dag(old.dag())
    assert new.format == 2
    assert new.digest != old.digest
    assert new.body == v2.encode(old.dag())


def test_a_circle_is_refused() -> None:
    task = v1.TaskFields(operator=BASH, upstream=("a",))
    with pytest.raises(RecordError, match="circle"):
        v1.decode(settled_bytes(v1.Document(v1.DagFields(dag_id="etl"), 1, {}, {"a": task})))
