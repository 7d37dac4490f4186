"""Blobs as they come, and what is refused: each in one clear sentence."""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path
from typing import Any

import pytest
from blob_fixtures import blob, record_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagserial.errors import BlobError, DagserialError, InvalidDagError, NotFoundError, UnsupportedValueError
from dagserial.record import Record, serialize, serialize_all
from dagserial.sources import airflow_blob
from dagserial.sources.airflow_blob import text as texts

TASK = {"task_id": "t", "task_type": "Load", "template_fields": ["sql"], "sql": "select 1"}


def of(*tasks: Any, version: Any = 3, **dag: Any) -> dict[str, Any]:
    """Return a blob of a few tasks."""
    wrapped = [{"__type": "operator", "__var": task} if isinstance(task, dict) else task for task in tasks]
    return {"__version": version, "dag": {"dag_id": "etl", "tasks": wrapped, **dag}}


def task(**fields: Any) -> dict[str, Any]:
    """Return the task of a blob that has these fields beside the usual ones."""
    found: dict[str, Any] = json.loads(record_of(of(TASK | fields)).body)["tasks"]["t"]
    return found


def test_a_blob_is_read_in_every_form_that_holds_it(tmp_path: Path) -> None:
    source = blob("3.3.2", "shop_plain")
    text = json.dumps(source)
    body = record_of(source).body
    (tmp_path / "blob.json").write_text(text)
    (tmp_path / "packed").write_bytes(zlib.compress(text.encode()))
    packed = (tmp_path / "packed").read_bytes()
    for thing in (
        text,
        text.encode(),
        bytearray(text.encode()),
        memoryview(packed),
        packed,
        {"dag_id": "x", "data": source},
    ):
        assert record_of(thing).body == body
    for path in (tmp_path / "blob.json", tmp_path / "packed"):
        assert record_of(path).body == body
    assert serialize(source).body == serialize(packed).body == serialize(tmp_path / "blob.json").body == body
    assert serialize(str(tmp_path / "blob.json")).body == body


def test_numbers_that_json_lacks_are_read() -> None:
    text = json.dumps(of(TASK)).replace('"select 1"', "[NaN, Infinity, -Infinity, 1180591620717411303424, 2.0]")
    [*values] = json.loads(record_of(text).body)["tasks"]["t"]["args"]["sql"]
    assert [value["value"] for value in values] == ["nan", "inf", "-inf", str(2**70), "2.0"]


def test_a_dict_with_a_key_of_ours_is_escaped() -> None:
    assert task(sql={"$": "tuple"})["args"]["sql"] == {"$": "dict", "items": [["$", "tuple"]]}


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        ("[]", "no serialized DAG"),
        ("null", "no serialized DAG"),
        ({}, "no serialized DAG"),
        (7, "no serialized DAG"),
        (Path("nowhere.json"), "cannot be read"),
        (b"\x78\x9c\x00", "zlib"),
        (zlib.compress(b'{"__version":3}')[:-2], "cut short"),
        (zlib.compress(b"{}") + b"x", "followed by something"),
        ("9" * 5000, "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        (of(version=4), "`__version` 4 is unknown; this version reads 1, 2, 3"),
        (of(version="1"), "`__version` '1' is unknown"),
        (of(version=True), "`__version` True is unknown"),
        ({"__version": 3}, "no `dag` with a list of `tasks`"),
        ({"__version": 3, "dag": {"tasks": {}}}, "no `dag` with a list of `tasks`"),
        (of(dag_id=7), "the DAG's id is '7'"),
        (of("junk"), "this is no task (at /dag/tasks/0)"),
        (of(TASK, None), "this is no task (at /dag/tasks/1)"),
        (of({"task_type": "Load"}), "the task has no `task_id` (at /dag/tasks/0)"),
        (of({"task_id": "t"}), "has no `task_type`"),
        (of(TASK, TASK), "two tasks have the id 't' (at /dag/tasks/1)"),
        (of(TASK | {"downstream_task_ids": ["gone"]}), "'t' runs before 'gone', which the blob lacks"),
        (of(TASK | {"downstream_task_ids": "t"}), "are no ids"),
        (of(TASK | {"_is_mapped": True}), "has no `partial_kwargs`"),
        (of(TASK | {"_is_mapped": True, "partial_kwargs": {}}), "mapped over 'None'"),
        (
            of(TASK | {"_is_mapped": True, "partial_kwargs": {}, "expand_input": {"type": "dict-of-lists"}}),
            "no sources",
        ),
        (of(TASK | {"params": [1]}), "`params` are no pairs"),
        (of(params={"p": 1}), "`params` are no pairs"),
        (of(TASK | {"retry_delay": 1e300}), "no duration"),
        (of(start_date="today"), "stands where a number is needed"),
        (of(start_date=1e300), "no moment"),
        (of(timezone=1e300), "no time zone"),
        (of(timetable={}), "no `__type`"),
        (of(task_group={}), "no `children`"),
        (of(task_group={"children": {"g": ["taskgroup", {"children": {}}]}}), "the id of a task group"),
        (of(task_group={"children": {"g": 1}}), "'g' is neither a task nor a group"),
        (of(TASK | {"inlets": [{"__type": "asset_all", "objects": 1}]}), "a list is needed"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_what_is_no_blob_is_refused_in_a_sentence(thing: Any, message: str) -> None:
    with pytest.raises(BlobError) as caught:
        airflow_blob.read(thing)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_version_says_what_was_found() -> None:
    with pytest.raises(BlobError) as caught:
        airflow_blob.read(of(version=9))
    assert caught.value.found == 9


def test_a_circle_of_tasks_and_a_group_twice_are_refused() -> None:
    circle = [TASK | {"downstream_task_ids": ["u"]}, TASK | {"task_id": "u", "downstream_task_ids": ["t"]}]
    with pytest.raises(InvalidDagError, match="in a circle"):
        airflow_blob.read(of(*circle))
    group = ["taskgroup", {"_group_id": "g", "children": {}}]
    with pytest.raises(BlobError, match="two task groups have the id 'g'"):
        airflow_blob.read(of(task_group={"children": {"a": group, "b": group}}))


def test_a_task_in_a_group_that_is_a_task_is_refused() -> None:
    tree = {"children": {"t": ["taskgroup", {"_group_id": "t", "children": {}}]}}
    with pytest.raises(InvalidDagError, match="a task and of a group"):
        airflow_blob.read(of(TASK, task_group=tree))


@pytest.mark.parametrize("depth", [150, 400, 3_000])
@pytest.mark.parametrize("place", ["sql", "executor_config", "retries", "unheard_of"])
def test_deep_values_are_read_or_refused(depth: int, place: str) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    source = of(TASK | {place: value})
    if depth < 200:
        assert airflow_blob.read(source)
        return
    with pytest.raises((BlobError, UnsupportedValueError), match="nested too deeply"):
        airflow_blob.read(source)


def test_a_dict_that_holds_itself_is_refused() -> None:
    loop: dict[str, Any] = {}
    loop["loop"] = loop
    for name in ("sql", "executor_config"):
        with pytest.raises((BlobError, UnsupportedValueError)):
            airflow_blob.read(of(TASK | {name: loop}))
    group: list[Any] = ["taskgroup", {"_group_id": "g", "children": {}}]
    group[1]["children"]["g"] = group
    with pytest.raises((BlobError, MemoryError), match="task group"):
        airflow_blob.read(of(task_group={"children": {"g": group}}))


def test_shared_parts_that_unfold_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_CONTAINERS", 10_000)
    value: Any = {"__type": "tuple", "__var": [1]}
    for _ in range(60):
        value = {"__type": "tuple", "__var": [value, value]}
    with pytest.raises((BlobError, UnsupportedValueError)):
        airflow_blob.read(of(TASK | {"executor_config": value}))
    plain: Any = [1]
    for _ in range(60):
        plain = [plain, plain]
    with pytest.raises((BlobError, UnsupportedValueError)):
        airflow_blob.read(of(TASK | {"sql": plain}))


def test_what_unpacks_to_more_than_the_limit_is_refused() -> None:
    with pytest.raises(BlobError, match="unpacks to more than 134217728 bytes"):
        airflow_blob.read(zlib.compress(b" " * 140_000_000, 1))
    with pytest.raises(BlobError, match="takes more than 134217728 bytes"):
        airflow_blob.read(" " * 140_000_000)


def test_ten_megabytes_are_read() -> None:
    tasks = [TASK | {"task_id": f"t{number}", "sql": "x" * 10_000} for number in range(1_000)]
    record = record_of(json.dumps(of(*tasks)))
    assert len(record.dag().tasks) == 1_000


def test_a_value_over_the_limit_is_refused_and_named() -> None:
    with pytest.raises(UnsupportedValueError, match=r"--max-value-bytes.*/tasks/t/args/sql"):
        airflow_blob.read(of(TASK | {"sql": "x" * 2_000_000}))


def test_many_small_texts_are_too_much_together() -> None:
    value: Any = "x" * 3_000
    for _ in range(4):
        value = [value] * 9
    mapped = TASK | {"_is_mapped": True, "expand_input": {"type": "dict-of-lists", "value": {"__var": {"x": value}}}}
    for task in (TASK | {"sql": value}, mapped | {"partial_kwargs": {}}, mapped | {"partial_kwargs": {"env": value}}):
        with pytest.raises(UnsupportedValueError, match="more than 1048576 bytes"):
            airflow_blob.read(of(task))


def test_a_lower_limit_holds_for_short_texts_too() -> None:
    assert airflow_blob.read(of(TASK | {"sql": "x" * 500}))
    with pytest.raises(UnsupportedValueError, match="more than 100 bytes"):
        airflow_blob.read(of(TASK | {"sql": ["x" * 500]}), max_bytes=100)


def test_a_subdag_is_a_dag_of_its_own_behind_the_one_that_holds_it() -> None:
    inner = {"_dag_id": "etl.inner", "tasks": [{"task_id": "deep", "_task_type": "Load", "template_fields": []}]}
    holder = {"task_id": "inner", "_task_type": "SubDagOperator", "subdag": inner}
    outer = {"__version": 1, "dag": {"_dag_id": "etl", "tasks": [holder]}}
    found = airflow_blob.read(outer)
    assert [parsed.dag.dag_id for parsed in found] == ["etl", "etl.inner"]
    assert found[0].dag.tasks["inner"].args["subdag"] == {"$": "dag", "dag_id": "etl.inner"}
    assert list(found[1].dag.tasks) == ["deep"]
    assert [record.dag_id for record in serialize_all(outer)] == ["etl", "etl.inner"]
    with pytest.raises(NotFoundError, match="not one DAG"):
        serialize(outer)


def test_a_field_of_a_release_to_come_is_kept() -> None:
    found = json.loads(record_of(of(TASK | {"new_limit": 3}, new_field={"__type": "dict", "__var": {"a": 1}})).body)
    assert found["dag"]["extra"] == {"new_field": {"a": 1}}
    assert found["tasks"]["t"]["args"]["new_limit"] == 3


def test_configured_defaults_are_what_absence_says() -> None:
    source = of(TASK, TASK | {"task_id": "u", "retries": 1}) | {
        "client_defaults": {"tasks": {"retries": 5, "retry_delay": 77.0}}
    }
    dag = airflow_blob.read(source)[0].dag
    assert isinstance(dag.fields.unsaid, dict)
    absent = dag.fields.unsaid["task"]
    assert (absent["retries"], absent["retry_delay"]) == (5, {"$": "timedelta", "value": "PT77S"})
    assert "retries" not in dag.tasks["t"].args
    assert dag.tasks["u"].args["retries"] == 1


def test_an_argument_in_default_args_is_known_only_where_every_task_says_it() -> None:
    given = {"__type": "dict", "__var": {"retries": 2, "queue": "default", "unheard_of": 1}}
    dag = airflow_blob.read(of(TASK, TASK | {"task_id": "u", "retries": 2}, default_args=given))[0].dag
    assert dag.tasks["t"].args == {"retries": 0, "queue": "default", "unheard_of": {"$": "unknown"}, "sql": "select 1"}
    assert dag.tasks["u"].args["retries"] == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<f at 0x7f00>", {"$": "unknown", "text": "<f>"}),
        (
            "<callable unusual_prefix_" + "a" * 40 + "_etl.load>",
            {"$": "unknown", "name": "etl.load", "text": "<callable etl.load>"},
        ),
        ("<etl.Pack object>", {"$": "unknown", "class": "etl.Pack", "text": "<etl.Pack object>"}),
        ("<b>bold</b>", "<b>bold</b>"),
        ("a < b", "a < b"),
        ("(XComArg(<Task(_PythonDecoratedOperator): make>), 1)", [{"$": "xcom", "task": "make"}, 1]),
        ("{'x': XComArg(<Mapped(Op): g.make>, 'k')}", {"x": {"$": "xcom", "key": "k", "task": "g.make"}}),
        (
            "(XComArg(<Task(Op): a>).map(<lambda>),)",
            {"$": "unknown", "text": "(XComArg(<Task(Op): a>).map(<lambda>),)"},
        ),
        (
            "MappedArgument(_input=DictOfListsExpandInput(value={'x': 1}), _key='x')",
            {"$": "mapped_argument", "name": "x"},
        ),
        ("{{ task_instance.xcom_pull(task_ids='a', dag_id='etl', key='return_value') }}", {"$": "xcom", "task": "a"}),
        ("{{ task_instance.xcom_pull(task_ids='a', dag_id='etl', key='k') }}", {"$": "xcom", "key": "k", "task": "a"}),
    ],
)
def test_what_airflow_wrote_in_place_of_a_value_is_undone_or_unknown(text: str, value: Any) -> None:
    assert task(sql=text)["args"]["sql"] == value


def test_an_xcom_of_another_dag_stays_a_text() -> None:
    text = "{{ task_instance.xcom_pull(task_ids='a', dag_id='other', key='k') }}"
    assert task(sql=text)["args"]["sql"] == text


@pytest.mark.parametrize(
    "cut",
    [
        "Truncated. You can change this behaviour in [core]max_templated_field_length. %s... ",
        "Truncated. You can change this behaviour in [core]max_templated_field_length. %s...",
    ],
)
def test_a_value_that_airflow_cut_is_its_beginning_with_a_warning(cut: str) -> None:
    text = cut % ("'it\\'s'" if cut.endswith(" ") else "it's")
    [parsed] = airflow_blob.read(of(TASK | {"sql": text}))
    assert parsed.dag.tasks["t"].args["sql"] == {"$": "unknown", "start": "it's"}
    assert [(warning.path, "cut this value" in warning.message) for warning in parsed.warnings] == [
        ("/tasks/t/args/sql", True)
    ]


def test_where_a_dag_was_declared_stands_beside_its_record() -> None:
    [parsed] = airflow_blob.read(of(TASK, fileloc="/srv/dags/a/etl.py", _processor_dags_folder="/srv/dags/"))
    assert (parsed.provenance.file, parsed.provenance.parser) == ("a/etl.py", "Airflow's serialized DAG, form 3b")


def test_nan_tells_a_blob_from_a_record_and_so_do_their_heads() -> None:
    assert airflow_blob.is_blob(b'{"__version":1,"dag":{"x":NaN}}')
    assert airflow_blob.is_blob(b'{"dag":{},"__version":1}')
    assert airflow_blob.is_blob(zlib.compress(b"{}"))
    body = Record.of_dag(airflow_blob.read(of(TASK | {"sql": {"__version": 1}}))[0].dag).body
    assert not airflow_blob.is_blob(body)
    assert b"__version" in body


def test_moments_and_durations_that_are_no_numbers_are_refused() -> None:
    for wrong in (math.nan, math.inf):
        with pytest.raises(BlobError):
            airflow_blob.read(of(TASK | {"start_date": wrong}))
        with pytest.raises(BlobError):
            airflow_blob.read(of(TASK | {"retry_delay": wrong}))


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["dict", "operator", "asset", "xcomref", "datetime"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["__type", "__var", "__class", "type", "value", "default", "task_id", "children", "a"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
SOURCES = [
    blob(version, dag_id) for version, dag_id in (("2.2.5", "old_shop"), ("2.3.4", "old_shop"), ("2.6.3", "old_shop"))
] + [
    blob(version, dag_id)
    for version in ("2.9.2", "2.11.2", "3.0.6", "3.1.8", "3.3.2")
    for dag_id in ("shop_plain", "shop_mapped", "shop_groups", "shop_condition")
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all that lies in JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, item in items:
        found += places(item, (*path, key))
    return found


PLACES = [places(source) for source in SOURCES]


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_blob_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(SOURCES) - 1))
    source = json.loads(json.dumps(SOURCES[number]))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(PLACES[number]))
        mutate(source, path, data.draw(JUNK), is_gone=data.draw(st.booleans()))
    try:
        found = airflow_blob.read(source)
        airflow_blob.airflow_hash(source)
    except DagserialError:
        return
    for parsed in found:
        record = Record.of_dag(parsed.dag)
        assert Record.of(record.body).dag() == parsed.dag


def mutate(source: Any, path: tuple[Any, ...], junk: Any, *, is_gone: bool) -> None:
    """Put junk into JSON, or take something out; where an earlier mutation took the place away, nothing happens."""
    for step in path[:-1]:
        try:
            source = source[step]
        except (KeyError, IndexError, TypeError):
            return
    try:
        if is_gone:
            del source[path[-1]]
        else:
            source[path[-1]] = junk
    except (KeyError, IndexError, TypeError):
        return
