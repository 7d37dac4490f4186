"""Records of whatever holds DAGs."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagserial.authoring import DAG, BaseOperator
from dagserial.digest import Digest
from dagserial.errors import NotFoundError, RecordError
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record, serialize, serialize_all

ETL = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\nwith DAG('{}') as dag:\n    BashOperator(task_id='a', bash_command='b')\n"


def test_a_model_a_live_dag_and_a_dag_file_of_one_dag_have_one_record(tmp_path: Path) -> None:
    class BashOperator(BaseOperator):
        pass

    BashOperator.__module__, BashOperator.__qualname__ = "airflow.operators.bash", "BashOperator"
    with DAG("etl") as live:
        BashOperator(task_id="a", bash_command="b")
    task = Task(operator="airflow.providers.standard.operators.bash.BashOperator", args={"bash_command": "b"})
    model = Dag(fields=DagFields(dag_id="etl"), tasks={"a": task})
    (tmp_path / "etl.py").write_text(ETL.format("etl"))
    assert serialize(model) == serialize(live) == serialize(tmp_path / "etl.py") == serialize(str(tmp_path / "etl.py"))
    assert serialize(model).dag() == model


def test_a_folder_gives_its_dags_by_id(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.py").write_text(ETL.format(name))
    assert [record.dag_id for record in serialize_all(tmp_path)] == ["a", "b"]
    with pytest.raises(NotFoundError, match="holds a, b, not one DAG"):
        serialize(tmp_path)


def test_what_is_not_there_or_broken_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no file or folder"):
        serialize(tmp_path / "nosuch.py")
    (tmp_path / "broken.py").write_text("# airflow dag\n1 / 0\n")
    with pytest.raises(RecordError, match=r"broken\.py:2 could not be read: ZeroDivisionError"):
        serialize(tmp_path / "broken.py")
    (tmp_path / "empty.py").write_text("# airflow dag\n")
    with pytest.raises(NotFoundError, match="holds no DAG"):
        serialize(tmp_path / "empty.py")


def test_a_body_has_a_record_that_says_what_it_is() -> None:
    body = b'{"dag":{"dag_id":"d"},"format":2}'
    record = Record.of(body)
    assert (record.dag_id, record.format, record.body) == ("d", 2, body)
    assert record.digest == Digest.of(body)


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 64, "a" * 64]
)
def test_a_digest_has_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="not a digest"):
        Digest(text)


def test_a_digest_has_its_hex_and_a_short_form() -> None:
    digest = Digest("sha256:" + "0123456789abcdef" * 4)
    assert (digest.hex, digest.short) == ("0123456789abcdef" * 4, "sha256:01234567")
