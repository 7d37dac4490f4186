"""Names of Airflow that moved between releases: one canonical name, whichever release a path is of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, airflow_python

from dagserial import serialize
from dagserial.model.names import canonical_name
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

DATA: dict[str, Any] = json.loads((ROOT / "dagserial/model/airflow_names.json").read_text())

ERAS = {
    "airflow.providers.standard.operators.bash.BashOperator": (
        "airflow.operators.BashOperator",
        "airflow.operators.bash_operator.BashOperator",
        "airflow.operators.bash.BashOperator",
    ),
    "airflow.providers.standard.operators.empty.EmptyOperator": (
        "airflow.operators.dummy_operator.DummyOperator",
        "airflow.operators.dummy.DummyOperator",
        "airflow.operators.empty.EmptyOperator",
    ),
    "airflow.providers.standard.sensors.external_task.ExternalTaskSensor": (
        "airflow.operators.sensors.ExternalTaskSensor",
        "airflow.sensors.external_task_sensor.ExternalTaskSensor",
        "airflow.sensors.external_task.ExternalTaskSensor",
    ),
    "airflow.providers.google.cloud.operators.bigquery.BigQueryExecuteQueryOperator": (
        "airflow.contrib.operators.bigquery_operator.BigQueryOperator",
    ),
    "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator": (
        "airflow.contrib.operators.kubernetes_pod_operator.KubernetesPodOperator",
        "airflow.providers.cncf.kubernetes.operators.kubernetes_pod.KubernetesPodOperator",
    ),
    "airflow.providers.http.operators.http.HttpOperator": (
        "airflow.operators.http_operator.SimpleHttpOperator",
        "airflow.providers.http.operators.http.SimpleHttpOperator",
    ),
    "airflow.providers.amazon.aws.transfers.s3_to_redshift.S3ToRedshiftOperator": (
        "airflow.operators.s3_to_redshift_operator.S3ToRedshiftTransfer",
    ),
    "airflow.providers.common.sql.operators.sql.SQLCheckOperator": (
        "airflow.operators.check_operator.CheckOperator",
        "airflow.operators.sql.SQLCheckOperator",
    ),
    "airflow.providers.cncf.kubernetes.secret.Secret": (
        "airflow.contrib.kubernetes.secret.Secret",
        "airflow.kubernetes.secret.Secret",
    ),
    "airflow.providers.slack.notifications.slack.SlackNotifier": (
        "airflow.providers.slack.notifications.slack_notifier.SlackNotifier",
    ),
    "airflow.providers.standard.triggers.temporal.DateTimeTrigger": ("airflow.triggers.temporal.DateTimeTrigger",),
    "airflow.sdk.Asset": ("airflow.Dataset", "airflow.datasets.Dataset", "airflow.sdk.definitions.asset.Asset"),
    "airflow.sdk.BaseHook": ("airflow.hooks.base_hook.BaseHook", "airflow.hooks.base.BaseHook"),
    "airflow.sdk.BaseNotifier": ("airflow.notifications.basenotifier.BaseNotifier",),
    "airflow.sdk.BaseOperator": (
        "airflow.models.BaseOperator",
        "airflow.models.baseoperator.BaseOperator",
        "airflow.sdk.bases.operator.BaseOperator",
    ),
    "airflow.sdk.BaseSensorOperator": (
        "airflow.sensors.base_sensor_operator.BaseSensorOperator",
        "airflow.sensors.base.BaseSensorOperator",
    ),
    "airflow.sdk.CronTriggerTimetable": (
        "airflow.timetables.trigger.CronTriggerTimetable",
        "airflow.sdk.definitions.timetables.trigger.CronTriggerTimetable",
    ),
    "airflow.sdk.Param": ("airflow.models.Param", "airflow.models.param.Param"),
    "airflow.sdk.TaskGroup": ("airflow.utils.task_group.TaskGroup", "airflow.sdk.definitions.taskgroup.TaskGroup"),
    "airflow.sdk.TriggerRule": ("airflow.utils.trigger_rule.TriggerRule", "airflow.task.trigger_rule.TriggerRule"),
    "@task": (
        "airflow.operators.python._PythonDecoratedOperator",
        "airflow.decorators.python._PythonDecoratedOperator",
    ),
    "@task.bash": (
        "airflow.decorators.bash._BashDecoratedOperator",
        "airflow.providers.standard.decorators.bash._BashDecoratedOperator",
    ),
    "kubernetes.client.V1Pod": ("kubernetes.client.models.v1_pod.V1Pod", "kubernetes.client.models.V1Pod"),
    # What lies in a class, or in a module that moved as a whole.
    "airflow.sdk.TriggerRule.ALL_DONE": ("airflow.utils.trigger_rule.TriggerRule.ALL_DONE",),
    "airflow.sdk.timezone.utcnow": ("airflow.utils.timezone.utcnow",),
}

UNMOVED = (
    "airflow.operators",
    "airflow.operators.python._PythonDecoratedOperator.execute",
    "airflow.utils.timezone",
    "airflow.utils.timezone.inner.utcnow",
    "airflow.whatever.operators.bash.BashOperator",
    "airflow_plugins.operators.BashOperator",
    "dags.airflow.operators.bash.BashOperator",
    "kubernetes.client.models",
    "kubernetes.client.models.v1_pod",
    "kubernetes.config.load_kube_config",
    "BashOperator",
    "",
)

GONE = (
    *("airflow.kubernetes.", "airflow.models.dagpickle.", "airflow.models.slamiss.", "airflow.models.taskfail."),
    *("airflow.operators.subdag.", "airflow.operators.trigger_dagrun.TriggerDagRunLink"),
    *("airflow.sensors.external_task.ExternalTaskSensorLink", "airflow.utils.json.WebEncoder"),
)
"""Canonical names that Airflow 3 has no more; nothing took their place."""

LOOK = """
import importlib, inspect, json, sys

found = {}
for path in json.load(sys.stdin):
    module, _, name = path.rpartition(".")
    try:
        thing = getattr(importlib.import_module(module), name)
    except Exception:
        continue
    found[path] = f"{thing.__module__}.{thing.__qualname__}" if inspect.isclass(thing) else None
print(json.dumps(found))
"""

WRITTEN = {
    "airflow_1_10": ("from airflow.operators.{}_operator import {}", "bash", "BashOperator"),
    "airflow_2": ("from airflow.operators.{} import {}", "bash", "BashOperator"),
    "airflow_3": ("from airflow.providers.standard.operators.{} import {}", "bash", "BashOperator"),
}
DAG_FILE = """
from airflow import DAG
{import_}
from airflow.{timetable} import CronTriggerTimetable
from {kubernetes} import V1EnvVar
from airflow.{hook} import BaseHook

with DAG("etl", schedule=CronTriggerTimetable("@daily", timezone="UTC")) as dag:
    first = BashOperator(task_id="first", bash_command="a", env_vars=[V1EnvVar(name="A")], hook_class=BaseHook)
    first >> BashOperator.partial(task_id="each").expand(bash_command=["b", "c"])
"""
PLACES = {
    "airflow_1_10": ("timetables.trigger", "kubernetes.client.models.v1_env_var", "hooks.base_hook"),
    "airflow_2": ("timetables.trigger", "kubernetes.client.models", "hooks.base"),
    "airflow_3": ("sdk", "kubernetes.client", "sdk"),
}


def text(era: str) -> str:
    line, module, name = WRITTEN[era]
    timetable, kubernetes, hook = PLACES[era]
    return DAG_FILE.format(import_=line.format(module, name), timetable=timetable, kubernetes=kubernetes, hook=hook)


@pytest.mark.parametrize(("old", "new"), [(old, new) for new, olds in ERAS.items() for old in (*olds, new)])
def test_each_era_has_the_same_name(old: str, new: str) -> None:
    assert canonical_name(old) == new


@pytest.mark.parametrize("path", UNMOVED)
def test_what_did_not_move_keeps_its_name(path: str) -> None:
    assert canonical_name(path) == path


def test_a_canonical_name_is_its_own() -> None:
    names = {*DATA["names"].values(), *map(canonical_name, DATA["names"])}
    assert {name: canonical_name(name) for name in names if canonical_name(name) != name} == {}


def test_no_canonical_name_is_an_old_one_too() -> None:
    assert sorted(set(DATA["names"].values()) & DATA["names"].keys()) == []
    assert sorted(set(DATA["modules"].values()) & DATA["modules"].keys()) == []


@pytest.mark.parametrize("table", ["modules", "names"])
def test_the_data_is_sorted_without_duplicates(table: str) -> None:
    def kept(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]] | dict[str, Any]:
        return pairs if pairs and pairs[0][0].startswith("airflow.") else dict(pairs)

    written = json.loads((ROOT / "dagserial/model/airflow_names.json").read_text(), object_pairs_hook=kept)[table]
    assert [old for old, _ in written] == sorted({old for old, _ in written})


def test_what_airflow_replaced_by_something_else_keeps_its_name() -> None:
    apart = [name for group in DATA["kept_apart"] for name in group["names"]]
    assert len(apart) > 10
    assert {name: canonical_name(name) for name in apart if canonical_name(name) != name} == {}


def test_the_data_names_its_sources() -> None:
    packages = {wheel.partition("==")[0] for wheel in DATA["wheels"]}
    assert {"apache-airflow", "apache-airflow-core", "apache-airflow-task-sdk"} < packages
    assert {"apache-airflow==1.10.15", "apache-airflow==2.11.2", "apache-airflow-core==3.3.2"} < set(DATA["wheels"])


def test_a_dag_file_that_changes_only_its_imports_keeps_its_digest(tmp_path: Path) -> None:
    digests = {}
    for era in WRITTEN:
        (tmp_path / era).mkdir()
        (tmp_path / era / "etl.py").write_text(text(era))
        digests[era] = serialize(tmp_path / era / "etl.py").digest
    assert len(set(digests.values())) == 1, digests


def test_a_record_holds_no_old_name(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(text("airflow_1_10"))
    dag = serialize(tmp_path / "etl.py").dag()
    bash = "airflow.providers.standard.operators.bash.BashOperator"
    assert {task.operator for task in dag.tasks.values()} == {bash}
    assert dag.fields.schedule["class"] == "airflow.sdk.CronTriggerTimetable"
    assert dag.tasks["first"].args["env_vars"][0]["class"] == "kubernetes.client.V1EnvVar"
    assert dag.tasks["first"].args["hook_class"] == {"$": "class", "name": "airflow.sdk.BaseHook"}


@pytest.mark.parametrize(
    ("era", "module"), [("airflow_1_10", "bash_operator"), ("airflow_2", "bash"), ("airflow_3", None)]
)
def test_provenance_keeps_the_name_as_written(tmp_path: Path, era: str, module: str | None) -> None:
    (tmp_path / "etl.py").write_text(text(era))
    reading = files.read(tmp_path, ReadOptions(dags=("etl.py",)))
    newest = "airflow.providers.standard.operators.bash.BashOperator"
    expected = {f"airflow.operators.{module}.BashOperator": newest} if module else {}
    assert [parsed.provenance.operators for parsed in reading.parsed] == [expected]


def test_texts_that_hold_a_symbol_are_the_same_in_each_era(tmp_path: Path) -> None:
    body = 'from airflow import DAG\nfrom airflow.{} import TaskInstance\ndag = DAG("etl", description=f"{{TaskInstance.try_number}}")\n'
    digests = set()
    for module in ("models", "models.taskinstance"):
        (tmp_path / "etl.py").write_text(body.format(module))
        digests.add(serialize(tmp_path / "etl.py").digest)
    assert len(digests) == 1


def test_the_data_is_not_read_until_a_name_is_asked_for() -> None:
    script = "import dagserial.cli.group; from dagserial.model import names; print(names._names.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_airflow_has_each_canonical_name(live: dict[str, str | None]) -> None:
    own = [name for name in DATA["names"].values() if not name.startswith("airflow.providers.")]
    standard = [name for name in DATA["names"].values() if name.startswith("airflow.providers.standard.")]
    asked = {name for name in own + standard if not name.startswith(("@", *GONE))}
    assert len(asked) > 100
    assert sorted(name for name in asked if name not in live) == []


def test_a_class_of_airflow_has_the_canonical_name_of_each_path_that_gives_it(live: dict[str, str | None]) -> None:
    """What a live class says of itself is what its import path says to the stand-in."""
    classes = {path: name for path, name in live.items() if name and not name.endswith(".TimeoutPosix")}
    assert len(classes) > 200
    assert {path: name for path, name in classes.items() if canonical_name(path) != canonical_name(name)} == {}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | None]:
    """Return what a real Airflow of 3.3 gives for each path that the data names: a class's own name, or None."""
    done = subprocess.run(
        [airflow_python("3.3.2"), "-W", "ignore", "-c", LOOK],
        input=json.dumps(sorted({*DATA["names"], *DATA["names"].values()})),
        capture_output=True,
        text=True,
        check=True,
        env={"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "PATH": os.environ["PATH"]},
    )
    found: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return found
