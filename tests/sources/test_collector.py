"""Reading with a real Airflow: what is refused, and what is noted of what DAG files pass."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sources_trees import DAG_FILE, write
from support import airflow_python

from dagserial.errors import SettingsError
from dagserial.sources import files
from dagserial.sources.reading import FileError, Reading, ReadOptions

AIRFLOWS = ("2.11.2", "3.3.2")

BROKEN = {
    "raised": "from airflow import DAG\nimport helping\nhelping.fail()\n",
    "endless": "while True: pass\n",
    "ended": "import os\nos._exit(0)\n",
    "syntax": "x = (\n",
    "fine": DAG_FILE.format("fine"),
}


def test_an_interpreter_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"one.py": DAG_FILE.format("one")})
    with pytest.raises(SettingsError, match=r"--python /no/such/python does not start: No such file"):
        files.read(tmp_path, ReadOptions(python="/no/such/python"))


def test_an_interpreter_without_airflow_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"one.py": DAG_FILE.format("one")})
    python = shutil.which("python3") or ""
    with pytest.raises(SettingsError, match=r"cannot read DAG files: it has no Airflow: No module named 'airflow'"):
        files.read(tmp_path, ReadOptions(python=python))


def test_an_interpreter_of_python_3_9_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"one.py": DAG_FILE.format("one")})
    old = sorted((Path.home() / ".pyenv" / "versions").glob("3.9.*/bin/python3"))
    if not old:
        pytest.skip("needs Python 3.9, of pyenv")
    with pytest.raises(SettingsError, match=r"it is Python 3\.9; 3\.10 or later is needed"):
        files.read(tmp_path, ReadOptions(python=str(old[0])))


@pytest.fixture(scope="module", params=AIRFLOWS)
def broken(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reading:
    texts = {
        f"dags/{name}.py": "from airflow import DAG\n" * (name != "raised") + text for name, text in BROKEN.items()
    }
    tree = write(
        tmp_path_factory.mktemp("tree"), texts | {"helping.py": "def fail():\n    raise ValueError('two\\n lines')\n"}
    )
    return files.read(tree, ReadOptions(python=airflow_python(request.param), timeout=3.0))


def test_a_file_that_fails_is_an_error_with_its_line_and_others_are_read(broken: Reading) -> None:
    assert [one.dag.dag_id for one in broken.parsed] == ["fine"]
    errors = {error.file: error for error in broken.errors}
    assert errors["dags/raised.py"] == FileError("dags/raised.py", 3, "ValueError: two lines")
    assert errors["dags/endless.py"] == FileError("dags/endless.py", None, "the file took longer than 3 s")
    assert errors["dags/ended.py"] == FileError("dags/ended.py", None, "the file ended without an answer")
    assert errors["dags/syntax.py"] == FileError("dags/syntax.py", 2, "SyntaxError: '(' was never closed")


NOTED = {
    "noted.py": """
import datetime as dt
from airflow import DAG
from airflow.decorators import dag, setup, task, task_group, teardown
from airflow.providers.standard.operators.bash import BashOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup

with DAG("noted", schedule=None, default_args={"retries": 3, "pool": "p"}, params={"x": 1}, tags=["b", "a"]) as d:
    late = BashOperator(task_id="late", bash_command="echo")
    late.doc_md = "later"
    with TaskGroup("g", default_args={"retries": 4}, tooltip="tip") as g:
        inner = BashOperator(task_id="inner", bash_command="echo", default_args={"pool": "own"})
    late >> Label("go") >> inner

    @task
    def plain(one, two=2):
        return one

    @task.branch(retries=9)
    def pick():
        return "late"

    @task.sensor(poke_interval=5)
    def wait():
        return True

    @task.bash
    def shell():
        return "ls"

    called = plain(1, two=3)
    plain.override(task_id="again", pool="q")("x")
    plain.partial(two=5).expand(one=[3, 1])
    BashOperator.partial(task_id="many", pool="r").expand_kwargs([{"bash_command": "a"}])
    pick(), wait(), shell()

    @task_group
    def each(value):
        plain.override(task_id="within")(value)

    each.expand(value=[1, 2])

    @setup
    def before():
        return 1

    @teardown(on_failure_fail_dagrun=True)
    def after():
        return 2

    before() >> after()


@dag(schedule="@daily", start_date=dt.datetime(2024, 1, 1), tags=["t"])
def made(size=4):
    "Docs."
    BashOperator(task_id="a", bash_command="echo")


made()
"""
}


@pytest.fixture(scope="module", params=AIRFLOWS)
def noted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    text = NOTED["noted.py"]
    if request.param.startswith("2."):
        text = text.replace("airflow.providers.standard.operators.bash", "airflow.operators.bash")
    tree = write(tmp_path_factory.mktemp("tree"), {"noted.py": text})
    reading = files.read(tree, ReadOptions(python=airflow_python(request.param)))
    assert reading.errors == ()
    assert {one.provenance.parser for one in reading.parsed} == {f"airflow {request.param}"}
    return {one.dag.dag_id: one.dag for one in reading.parsed}


def test_arguments_of_the_dag_are_those_passed(noted: dict[str, Any]) -> None:
    fields = noted["noted"].fields
    assert (fields.schedule, fields.default_args, fields.tags) == (None, {"retries": 3, "pool": "p"}, ["b", "a"])
    assert fields.params == (("x", {"$": "param", "default": 1}),)
    made = noted["made"].fields
    assert (made.schedule, made.tags, made.doc_md) == ("@daily", ["t"], "Docs.")
    assert made.params == (("size", {"$": "param", "default": 4}),)
    assert made.extra == {"catchup": None} or made.extra == {}


@pytest.mark.parametrize(
    ("task_id", "operator", "args"),
    [
        ("late", "Bash", {"retries": 3, "pool": "p", "bash_command": "echo", "doc_md": "later"}),
        ("g.inner", "Bash", {"retries": 4, "pool": "own", "bash_command": "echo"}),
        ("plain", "@task", {"retries": 3, "pool": "p", "op_args": [1], "op_kwargs": {"two": 3}}),
        ("again", "@task", {"retries": 3, "pool": "q", "op_args": ["x"]}),
        ("pick", "@task.branch", {"retries": 9, "pool": "p"}),
        ("wait", "@task.sensor", {"retries": 3, "pool": "p", "poke_interval": 5}),
        ("shell", "@task.bash", {"retries": 3, "pool": "p"}),
        ("many", "Bash", {"retries": 3, "pool": "r"}),
    ],
)
def test_arguments_of_a_task_are_those_passed(noted: dict[str, Any], task_id: str, operator: str, args: Any) -> None:
    task = noted["noted"].tasks[task_id]
    bash = "airflow.providers.standard.operators.bash.BashOperator"
    assert task.operator == (bash if operator == "Bash" else operator)
    assert {name: value for name, value in task.args.items() if name != "python_callable"} == args


def test_what_is_mapped_is_noted(noted: dict[str, Any]) -> None:
    tasks, groups = noted["noted"].tasks, noted["noted"].groups
    assert tasks["plain__1"].mapping.expand == (("one", [3, 1]),)
    assert tasks["plain__1"].args["op_kwargs"] == {"two": 5}
    assert tasks["many"].mapping.expand_kwargs == [{"bash_command": "a"}]
    assert groups["each"].mapping.expand == (("value", [1, 2]),)
    assert tasks["each.within"].args["op_args"] == [{"$": "mapped_argument", "name": "value"}]


def test_groups_labels_setups_and_teardowns_are_noted(noted: dict[str, Any]) -> None:
    tasks, groups = noted["noted"].tasks, noted["noted"].groups
    assert (groups["g"].tooltip, groups["g"].default_args) == ("tip", {"retries": 4})
    assert (tasks["g.inner"].upstream, tasks["g.inner"].labels) == (("late",), {"late": "go"})
    assert (tasks["before"].setup, tasks["before"].teardown) == (True, False)
    assert (tasks["after"].teardown, tasks["after"].on_failure_fail_dagrun) == (True, True)


DEPLOYED = """
import datetime as dt
import json
from airflow import DAG
from airflow.operators.bash import BashOperator
from company.flows.lib import NAME
with open("/opt/airflow/dags/flows/size.json") as file:
    size = json.load(file)
with DAG(NAME, schedule=None, start_date=dt.datetime(2024, 1, 1), template_searchpath=["/opt/airflow/dags/flows"]):
    BashOperator(task_id="whole", bash_command="/opt/airflow/dags/flows/run.sh", env=size)
    BashOperator(task_id="found", bash_command="run.sh")
"""


@pytest.mark.parametrize("version", AIRFLOWS)
def test_deployed_paths_and_packages_are_found_as_by_the_stand_in(tmp_path: Path, version: str) -> None:
    texts = {"lib.py": "NAME = 'deployed'\n", "size.json": '{"SIZE": "2"}', "run.sh": "echo\n", "dag.py": DEPLOYED}
    write(tmp_path, {f"flows/{name}": text for name, text in texts.items()})
    named: dict[str, Any] = {"packages": {"company": "."}, "roots": {"/opt/airflow/dags": "."}}
    live = files.read(tmp_path, ReadOptions(python=airflow_python(version), **named))
    standin = files.read(tmp_path, ReadOptions(**named))
    assert (live.errors, [one.dag.dag_id for one in live.parsed]) == ((), ["deployed"])
    assert live.parsed[0].dag == standin.parsed[0].dag
    assert live.parsed[0].dag.tasks["found"].args["bash_command"]["$"] == "file"


@pytest.mark.parametrize("kind", ["variables", "connections"])
def test_a_key_that_no_environment_variable_can_have_is_refused(tmp_path: Path, kind: str) -> None:
    write(tmp_path, {"one.py": DAG_FILE.format("one")})
    with pytest.raises(SettingsError, match=r"--python cannot hand on the (Variable|Connection) 'a=b'"):
        files.read(tmp_path, ReadOptions(python=airflow_python("3.3.2"), **{kind: {"a=b": "x"}}))
