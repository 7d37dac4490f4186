"""`--strict` and `--max-value-bytes`; `serialize` of live DAGs with values of the caller's own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Repo

from dagserial.authoring import DAG, BaseOperator
from dagserial.errors import RecordError, SettingsError, UnsupportedValueError
from dagserial.record import Record, serialize, serialize_all

Run = Callable[..., "subprocess.CompletedProcess[str]"]

FILE = """\
from airflow import DAG
from airflow.operators.bash import BashOperator

class Lock:
    def __reduce__(self):
        raise TypeError

with DAG("etl"):
    BashOperator(task_id="load", bash_command="echo", env={"lock": Lock()})
    BashOperator(task_id="large", bash_command="x" * 5000)
"""


@pytest.fixture
def etl(repo: Repo) -> Repo:
    repo.commit({"dags/etl.py": FILE})
    return repo


def test_without_strict_the_class_is_kept_with_a_warning(etl: Repo, dagserial: Run) -> None:
    done = dagserial("list", "HEAD", cwd=etl.folder)
    assert (done.returncode, "1 warning" in done.stdout) == (0, True)


def test_strict_names_dag_task_type_file_and_line(etl: Repo, dagserial: Run) -> None:
    done = dagserial("list", "HEAD", "--strict", "--exit-code", cwd=etl.folder)
    assert done.returncode == 1
    assert "dags/etl.py:9" in done.stderr
    assert (
        "a etl.Lock has no deterministic form (at /tasks/load/args/env/lock, DAG 'etl', dags/etl.py:9); "
        "pass an encoder for its type, or a plain value"
    ) in done.stderr


def test_a_large_value_is_refused_by_name(etl: Repo, dagserial: Run) -> None:
    done = dagserial("list", "HEAD", "--max-value-bytes", "4096", "--exit-code", cwd=etl.folder)
    assert done.returncode == 1
    message = (
        "the value takes more than 4096 bytes in the record (--max-value-bytes) (at /tasks/large/args/bash_command"
    )
    assert message in done.stderr


def test_settings_hold_both(etl: Repo, dagserial: Run) -> None:
    (etl.folder / "dagserial.toml").write_text("strict = true\nmax-value-bytes = 9000\n")
    assert "has no deterministic form" in dagserial("list", "HEAD", cwd=etl.folder).stderr
    (etl.folder / "dagserial.toml").write_text("max-value-bytes = 0\n")
    assert dagserial("list", "HEAD", cwd=etl.folder).returncode == 2


class Client:
    """What makes it anew cannot be seen."""

    def __init__(self, host: str) -> None:
        self.host = host

    def __reduce__(self) -> Any:
        raise TypeError


class Slow(Client):
    """Derives from it."""


def dag_with(value: Any) -> DAG:
    with DAG("d") as dag:
        BaseOperator(task_id="a", client=value)
    return dag


def client_of(record: Record) -> dict[str, Any]:
    """Return the argument without the digest of its class's code."""
    client = record.dag().tasks["a"].args["client"]
    return {name: value for name, value in client.items() if name != "code"}


def test_a_live_dag_is_read_strictly_unless_told_otherwise() -> None:
    with pytest.raises(UnsupportedValueError, match="Client has no deterministic form") as caught:
        serialize(dag_with(Client("db")))
    assert (caught.value.dag_id, caught.value.pointer) == ("d", "/tasks/a/args/client")
    assert caught.value.file == __file__
    assert caught.value.line > 0
    record = serialize(dag_with(Client("db")), strict=False)
    assert client_of(record) == {"$": "opaque", "class": f"{__name__}.Client"}


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        (lambda client: (client.host,), {"args": ["db"]}),
        (lambda client: {"host": client.host}, {"kwargs": {"host": "db"}}),
    ],
)
def test_an_encoder_gives_arguments_and_holds_for_subclasses(encoder: Any, words: dict[str, Any]) -> None:
    for kind in (Client, Slow):
        record = serialize(dag_with(kind("db")), encoders={Client: encoder})
        expected = {"$": "object", "class": f"{__name__}.{kind.__name__}"} | words
        assert client_of(record) == expected


def test_an_encoder_that_returns_something_else_is_told_so() -> None:
    with pytest.raises(TypeError, match=r"the encoder of a .*Client returned a builtins.str"):
        serialize(dag_with(Client("db")), encoders={Client: lambda client: client.host})


def test_encoders_are_for_live_dags(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(FILE)
    with pytest.raises(SettingsError, match="encoders are for live DAG objects"):
        serialize(tmp_path / "etl.py", encoders={Client: lambda client: ()})


def test_a_file_is_read_strictly_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text(FILE)
    with pytest.raises(RecordError, match=r"etl.py:9 could not be read: a etl.Lock has no deterministic form"):
        serialize(tmp_path / "etl.py")
    assert [record.dag_id for record in serialize_all(tmp_path, strict=False)] == ["etl"]
