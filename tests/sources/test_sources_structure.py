"""Whatever a DAG file declares of a DAG's structure is in its record, and a change of it is another digest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sources_trees import write

from dagserial.formats import v2
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

IMPORTS = """
import datetime as dt
from dateutil.relativedelta import relativedelta
from airflow.sdk import DAG, Asset, AssetAlias, BaseOperator, Label, Param, TaskGroup, Variable, task, task_group
from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference
from airflow.operators.bash import BashOperator
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.events import EventsTimetable
from airflow.timetables.trigger import CronTriggerTimetable, DeltaTriggerTimetable, MultipleCronTriggerTimetable
from acme import Night
a, b = Asset("s3://a"), Asset("s3://b")
def notify(context): return 1
def warn(context): return 2
@task
def load(x=None, y=None): return x
@task
def extract(): return [1, 2]
@task_group
def grouped(x, y=None): load(x)
@task_group
def outer(xs): grouped.expand(x=xs)
"""

DAG_ARGUMENTS = {
    "cron": ("schedule='0 3 * * *'", "schedule='0 4 * * *'", '"schedule":"0 3 '),
    "preset": ("schedule='@daily'", "schedule='@hourly'", '"schedule":"@daily"'),
    "no schedule": ("schedule=None", "", '"schedule":null'),
    "timedelta": ("schedule=dt.timedelta(1)", "schedule=dt.timedelta(2)", '"$":"timedelta"'),
    "relativedelta": ("schedule=relativedelta(months=1)", "schedule=relativedelta(months=2)", '"$":"relativedelta"'),
    "asset list": ("schedule=[a, b]", "schedule=[b, a]", r'"schedule":\[{"$":"asset","uri":"s3://a"'),
    "assets, all or any": ("schedule=a & b", "schedule=a | b", '"$":"asset_all"'),
    "asset alias": ("schedule=AssetAlias('x')", "schedule=AssetAlias('y')", '"$":"asset_alias"'),
    "cron trigger": (
        "schedule=CronTriggerTimetable('0 3 * * *', timezone='UTC')",
        "schedule=CronTriggerTimetable('0 3 * * *', timezone='Asia/Tokyo')",
        "CronTriggerTimetable",
    ),
    "several crons": (
        "schedule=MultipleCronTriggerTimetable('0 3 * * *', '0 4 * * *', timezone='UTC')",
        "schedule=MultipleCronTriggerTimetable('0 3 * * *', '0 5 * * *', timezone='UTC')",
        "MultipleCronTriggerTimetable",
    ),
    "delta trigger": (
        "schedule=DeltaTriggerTimetable(dt.timedelta(days=1))",
        "schedule=DeltaTriggerTimetable(dt.timedelta(days=2))",
        "DeltaTriggerTimetable",
    ),
    "events": (
        "schedule=EventsTimetable(event_dates=[dt.datetime(2026, 1, 1)])",
        "schedule=EventsTimetable(event_dates=[dt.datetime(2026, 1, 2)])",
        "EventsTimetable",
    ),
    "assets or time": (
        "schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable('0 3 * * *', timezone='UTC'), assets=a)",
        "schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable('0 3 * * *', timezone='UTC'), assets=b)",
        "AssetOrTimeSchedule",
    ),
    "custom timetable": ("schedule=Night(hour=3)", "schedule=Night(hour=4)", '"class":"acme.Night"'),
    "params": (
        "params={'p': Param(1, type='integer', minimum=0)}",
        "params={'p': Param(1, type='integer', minimum=1)}",
        '"schema":{"minimum":0,"type":"integer"}',
    ),
    "order of params": ("params={'p': 1, 'q': 2}", "params={'q': 2, 'p': 1}", r'\[\["p",'),
    "callbacks": ("on_failure_callback=notify", "on_failure_callback=warn", "notify"),
    "several callbacks": ("on_success_callback=[notify, warn]", "on_success_callback=[warn, notify]", "notify.*warn"),
    "SLA miss": ("sla_miss_callback=notify", "sla_miss_callback=warn", "sla_miss_callback"),
    "deadline": (
        "deadline=DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=dt.timedelta(hours=1),"
        " callback=AsyncCallback(notify))",
        "deadline=DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=dt.timedelta(hours=2),"
        " callback=AsyncCallback(notify))",
        "DAGRUN_QUEUED_AT",
    ),
    "default_args": ("default_args={'retries': 1}", "default_args={'retries': 2}", '"args":{.*"retries":1'),
    "access control": (
        "access_control={'Ops': {'DAGs': {'can_read'}}}",
        "access_control={'Ops': {'DAGs': {'can_edit'}}}",
        "can_read",
    ),
    "tags": ("tags=['t']", "tags=['u']", '"tags":\\["t"\\]'),
    "owner links": ("owner_links={'me': 'https://a.example'}", "owner_links={'me': 'https://b.example'}", "a.example"),
    "docs": ("doc_md='# A'", "doc_md='# B'", '"doc_md":"# A"'),
    "description": ("description='A'", "description='B'", '"description":"A"'),
    "native templates": (
        "render_template_as_native_obj=True",
        "render_template_as_native_obj=False",
        '"render_template_as_native_obj":true',
    ),
    "macros": ("user_defined_macros={'m': notify}", "user_defined_macros={'m': warn}", '"m":{"$":"callable"'),
    "filters": ("user_defined_filters={'f': notify}", "user_defined_filters={'f': warn}", '"f":{"$":"callable"'),
    "limits": ("max_active_runs=1, max_active_tasks=2", "max_active_runs=2, max_active_tasks=1", '"max_active_runs":1'),
}
"""Arguments of the DAG: one, another, and what the first one's record holds (a pattern)."""

STEP = "BashOperator(task_id={!r}, bash_command='x'{})"
FIRST, LAST = STEP.format("first", ""), STEP.format("last", "")


def task_with(argument: str) -> str:
    """Return a task with one more argument."""
    return STEP.format("t", f", {argument}")


BODIES = {
    "trigger rule": (task_with("trigger_rule='all_done'"), task_with("trigger_rule='one_failed'"), "all_done"),
    "pool": (task_with("pool='p', pool_slots=2"), task_with("pool='p', pool_slots=3"), '"pool_slots":2'),
    "SLA of a task": (task_with("sla=dt.timedelta(hours=1)"), task_with("sla=dt.timedelta(hours=2)"), '"sla":'),
    "callback of a task": (task_with("on_retry_callback=notify"), task_with("on_retry_callback=warn"), "notify"),
    "params of a task": (task_with("params={'p': 1}"), task_with("params={'p': 2}"), '"$":"param"'),
    "outlets": (task_with("outlets=[a]"), task_with("outlets=[b]"), "s3://a"),
    "docs of a task": (task_with("doc_md='A'"), task_with("doc_md='B'"), '"doc_md":"A"'),
    "label": (f"{FIRST} >> Label('yes') >> {LAST}", f"{FIRST} >> Label('no') >> {LAST}", '"labels":{"first":"yes"}'),
    "edge": (f"{FIRST} >> {LAST}", f"{FIRST} << {LAST}", r'"upstream":\["first"\]'),
    "setup": (f"{FIRST}.as_setup() >> {LAST}", f"{FIRST} >> {LAST}", '"setup":true'),
    "teardown": (
        f"{FIRST} >> {LAST}.as_teardown(on_failure_fail_dagrun=True)",
        f"{FIRST} >> {LAST}.as_teardown()",
        '"on_failure_fail_dagrun":true,.*"teardown":true',
    ),
    "tooltip": (f"with TaskGroup('g', tooltip='A'): {FIRST}", f"with TaskGroup('g', tooltip='B'): {FIRST}", '"A"'),
    "prefix": (
        f"with TaskGroup('g', prefix_group_id=False): {FIRST}",
        f"with TaskGroup('g'): {FIRST}",
        '"prefix_group_id":false.*"first":',
    ),
    "nesting": (
        f"with TaskGroup('g'), TaskGroup('h', prefix_group_id=False): {FIRST}",
        f"with TaskGroup('g'): {FIRST}",
        '"g.h":{"parent":"g"',
    ),
    "group's default_args": (
        f"with TaskGroup('g', default_args={{'retries': 1}}): {FIRST}",
        f"with TaskGroup('g', default_args={{'retries': 2}}): {FIRST}",
        '"args":{"bash_command":"x","retries":1}',
    ),
    "literal list": ("load.expand(x=[1, 2])", "load.expand(x=[1, 3])", r'"expand":\[\["x",\[1,2\]\]\]'),
    "literal dict": ("load.expand(x={'b': 1, 'a': 2})", "load.expand(x={'a': 2, 'b': 1})", r'"items":\[\["b",1\]'),
    "order of parameters": (
        "load.expand(y=[1], x=[2])",
        "load.expand(x=[2], y=[1])",
        r'"expand":\[\["y",\[1\]\],\["x",\[2\]\]\]',
    ),
    "partial": ("load.partial(y=1).expand(x=[1])", "load.partial(y=2).expand(x=[1])", '"op_kwargs":{"y":1}'),
    "XCom": ("load.expand(x=extract())", "load.expand(x=load())", '{"$":"xcom","task":"extract"}'),
    "XCom by key": ("load.expand(x=extract()['k'])", "load.expand(x=extract()['l'])", '"$":"xcom","key":"k"'),
    "map": ("load.expand(x=extract().map(notify))", "load.expand(x=extract().map(warn))", '"$":"xcom_map"'),
    "filter": ("load.expand(x=extract().filter(None))", "load.expand(x=extract())", '"$":"xcom_filter"'),
    "zip": ("load.expand(x=extract().zip(load()))", "load.expand(x=load().zip(extract()))", '"$":"xcom_zip"'),
    "zip and fill": (
        "load.expand(x=extract().zip(load(), fillvalue=1))",
        "load.expand(x=extract().zip(load()))",
        '"fillvalue":1',
    ),
    "concat": ("load.expand(x=extract().concat(load()))", "load.expand(x=extract().zip(load()))", "xcom_concat"),
    "chains": (
        "load.expand(x=extract().map(notify).filter(warn).zip(load()))",
        "load.expand(x=extract().filter(warn).map(notify).zip(load()))",
        "xcom_zip.*xcom_filter.*xcom_map",
    ),
    "param of the run": (
        "load.expand(x=dag.param('n'))",
        "load.expand(x=dag.param('m'))",
        '"$":"dag_param","name":"n"',
    ),
    "Variable": ("load.expand(x=Variable.get('n'))", "load.expand(x=Variable.get('m'))", '"$":"variable","key":"n"'),
    "Variable of JSON": (
        "load.expand(x=Variable.get('n', deserialize_json=True))",
        "load.expand(x=Variable.get('n', deserialize_json=True)['k'])",
        '"json":true',
    ),
    "expand_kwargs": (
        "load.expand_kwargs([{'x': 1}])",
        "load.expand_kwargs([{'x': 2}])",
        r'"expand_kwargs":\[{"x":1}\]',
    ),
    "expand_kwargs, mixed": (
        "load.expand_kwargs([{'x': 1}, extract()])",
        "load.expand_kwargs([extract(), {'x': 1}])",
        r'"expand_kwargs":\[{"x":1},{"$":"xcom","task":"extract"}\]',
    ),
    "expand_kwargs from a param": (
        "load.expand_kwargs(dag.param('n'))",
        "load.expand_kwargs(extract())",
        '"expand_kwargs":{"$":"dag_param"',
    ),
    "limit by DAG": (
        "BashOperator.partial(task_id='t', max_active_tis_per_dag=2).expand(bash_command=['x'])",
        "BashOperator.partial(task_id='t', max_active_tis_per_dag=3).expand(bash_command=['x'])",
        '"max_active_tis_per_dag":2',
    ),
    "limit by run": (
        "load.override(max_active_tis_per_dagrun=2).expand(x=[1])",
        "load.override(max_active_tis_per_dagrun=3).expand(x=[1])",
        '"max_active_tis_per_dagrun":2',
    ),
    "map index template": (
        "load.override(map_index_template='{{ a }}').expand(x=[1])",
        "load.override(map_index_template='{{ b }}').expand(x=[1])",
        '"map_index_template":"{{ a }}"',
    ),
    "unknown operator": (
        "BashOperator.partial(task_id='t', own=1).expand(other=[1])",
        "BashOperator.partial(task_id='t', own=1).expand(other=[2])",
        r'"expand":\[\["other",\[1\]\]\]',
    ),
    "mapped group": ("grouped.expand(x=[1])", "grouped.expand(x=[2])", '"groups":{"grouped":{"mapping":{"expand"'),
    "mapped group, partial": (
        "grouped.partial(y=1).expand(x=[1])",
        "grouped.partial(y=2).expand(x=[1])",
        '"args":{"y":1}',
    ),
    "mapped group, kwargs": (
        "grouped.expand_kwargs([{'x': 1}])",
        "grouped.expand_kwargs([{'x': 2}])",
        '"mapping":{"expand_kwargs":',
    ),
    "mapped group in a mapped group": (
        "outer.expand(xs=[[1]])",
        "outer.expand(xs=[[2]])",
        '"outer.grouped":{"mapping":{"expand":.*mapped_argument.*"parent":"outer"',
    ),
    "mapped task in a mapped group": (
        "task_group(lambda xs: load.expand(x=xs), group_id='g').expand(xs=[[1]])",
        "task_group(lambda xs: load(xs), group_id='g').expand(xs=[[1]])",
        '"mapping":{"expand":.*"name":"xs"',
    ),
}
"""Bodies of the DAG's block: one, another, and what the first one's record holds (a pattern)."""


def dag_file(dag_id: str, arguments: str, body: str) -> str:
    return f"{IMPORTS}\nwith DAG({dag_id!r}, {arguments}) as dag:\n    {body}\n"


def read(folder: Path, side: int) -> dict[str, str]:
    """Return each case's record as text, by its place; cases are files of one tree."""
    texts = [dag_file(f"d{at}", case[side], FIRST) for at, case in enumerate(DAG_ARGUMENTS.values())]
    texts += [dag_file(f"d{at}", "", case[side]) for at, case in enumerate(BODIES.values(), len(texts))]
    tree = write(folder, {f"dags/f{at}.py": text for at, text in enumerate(texts)})
    reading = files.read(tree, ReadOptions())
    assert reading.errors == ()
    return {parsed.dag.dag_id: v2.encode(parsed.dag).decode() for parsed in reading.parsed}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    folder = tmp_path_factory.mktemp("structure")
    return read(folder / "first", 0), read(folder / "second", 1)


CASES = {**DAG_ARGUMENTS, **BODIES}


@pytest.mark.parametrize("case", CASES)
def test_it_is_in_the_record_and_a_change_of_it_is_another_record(
    records: tuple[dict[str, str], dict[str, str]], case: str
) -> None:
    dag_id = f"d{list(CASES).index(case)}"
    first, second = records[0][dag_id], records[1][dag_id]
    assert re.search(CASES[case][2].replace('"$"', r'"\$"'), first), first
    assert first != second


def test_what_airflow_refuses_is_an_error_of_the_file(tmp_path: Path) -> None:
    texts = {
        "dags/jinja.py": dag_file("jinja", "", "load.expand(x='{{ params.n }}')"),
        "dags/shared.py": dag_file("shared", "", "BashOperator.partial(task_id='t').expand(retries=[1, 2])"),
        "dags/circle.py": dag_file("circle", "", f"first = {FIRST}; last = {LAST}; first >> last >> first"),
    }
    found = {error.file: error.error for error in files.read(write(tmp_path, texts), ReadOptions()).errors}
    assert "expand() of task 'load' got an unexpected type 'str' for keyword argument 'x'" in found["dags/jinja.py"]
    assert "BashOperator.expand() of task 't' got the keyword argument 'retries'" in found["dags/shared.py"]
    assert re.search("circle: (first -> last -> first|last -> first -> last)", found["dags/circle.py"])


def test_an_operator_of_the_repository_is_checked_and_one_of_an_absent_package_is_not(tmp_path: Path) -> None:
    classes = (
        "from acme import AcmeOperator\n"
        "class Known(BaseOperator):\n"
        "    def __init__(self, *, table, **kwargs): super().__init__(**kwargs)\n"
        "class Unknown(AcmeOperator):\n"
        "    def __init__(self, *, table, **kwargs): super().__init__(**kwargs)\n"
        "with DAG('d') as dag:\n"
    )
    texts = {
        "dags/known.py": f"{IMPORTS}{classes}    Known.partial(task_id='t', tabel=1).expand(table=[1])\n",
        "dags/unknown.py": f"{IMPORTS}{classes}    Unknown.partial(task_id='t', tabel=1).expand(table=[1])\n",
    }
    reading = files.read(write(tmp_path, texts), ReadOptions())
    (error,) = reading.errors
    assert error.file == "dags/known.py"
    assert "Known.partial() of task 't' got an unexpected keyword argument 'tabel'" in error.error
    assert [parsed.provenance.file for parsed in reading.parsed] == ["dags/unknown.py"]


def test_a_param_and_a_variable_draw_no_edge_and_need_no_warning(tmp_path: Path) -> None:
    body = "load.expand(x=dag.param('n'), y=Variable.get('v'))"
    (parsed,) = files.read(write(tmp_path, {"dags/a.py": dag_file("d", "", body)}), ReadOptions()).parsed
    assert parsed.dag.tasks["load"].upstream == ()
    assert [warning for warning in parsed.warnings if "mapping" in warning.path] == []
