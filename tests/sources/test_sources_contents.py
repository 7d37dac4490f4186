"""DAG files with other contents than lie in the tree, the rest of it as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sources_trees import write

from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import Reading, ReadOptions

ETL = """from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from settings import POOL

def work():
    return {result}

with DAG("{dag_id}", schedule="@daily"):
    BashOperator(task_id="load", bash_command="load.sql", pool=POOL)
    PythonOperator(task_id="work", python_callable=work)
"""
TREE = {
    "dags/etl.py": ETL.format(dag_id="etl", result=1),
    "dags/settings.py": "POOL = 'small'\n",
    "dags/load.sql": "SELECT 1\n",
}


def digests(reading: Reading) -> list[str]:
    assert reading.errors == ()
    return [str(Record.of_dag(parsed.dag).digest) for parsed in reading.parsed]


def read(root: Path, *contents: tuple[str, str]) -> list[Reading]:
    return files.read_contents(root, [(path, text.encode()) for path, text in contents], ReadOptions())


def test_a_content_reads_as_the_file_that_holds_it(tmp_path: Path) -> None:
    for folder, result in (("one", 1), ("two", 2)):
        write(tmp_path / folder, TREE | {"dags/etl.py": ETL.format(dag_id="etl", result=result)})
    placed = [digests(files.read(tmp_path / folder, ReadOptions())) for folder in ("one", "two")]
    assert placed[0] != placed[1]
    both = [("dags/etl.py", ETL.format(dag_id="etl", result=result)) for result in (1, 2)]
    assert [digests(reading) for reading in read(tmp_path / "one", *both)] == placed
    assert (tmp_path / "one/dags/etl.py").read_text() == TREE["dags/etl.py"]


def test_a_file_that_is_not_there_is_read_with_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    (moved,) = read(tmp_path, ("dags/moved.py", TREE["dags/etl.py"]))
    (tmp_path / "dags/etl.py").rename(tmp_path / "dags/moved.py")
    assert digests(moved) == digests(files.read(tmp_path, ReadOptions()))
    assert [parsed.provenance.file for parsed in moved.parsed] == ["dags/moved.py"]


def test_each_content_fails_by_itself(tmp_path: Path) -> None:
    write(tmp_path, TREE)
    broken, latin, whole = read(
        tmp_path,
        ("dags/etl.py", "from airflow import DAG\nfrom settings import QUEUE\n"),
        ("dags/etl.py", "from airflow import DAG\nx = (\n"),
        ("dags/etl.py", TREE["dags/etl.py"]),
    )
    assert [(error.file, error.line) for reading in (broken, latin) for error in reading.errors] == [
        ("dags/etl.py", 2),
        ("dags/etl.py", 2),
    ]
    assert len(digests(whole)) == 1


@pytest.mark.parametrize("coding", ["latin-1", "utf-8-sig"])
def test_functions_of_a_content_are_found_in_any_encoding(tmp_path: Path, coding: str) -> None:
    head = f"# -*- coding: {coding} -*-\n" if coding == "latin-1" else ""
    write(tmp_path, TREE)
    texts = (head + ETL.format(dag_id="etl", result=f"'{letter}'") for letter in "éè")
    readings = files.read_contents(
        tmp_path, [("dags/etl.py", text.encode(coding)) for text in texts], ReadOptions(python="/no/such/python")
    )
    one, two = map(digests, readings)
    assert one != two
