"""DAGs that mean two things have two digests, where Airflow's own hash has one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from collision_cases import AUTHORING_HEAD, CASES, side, stem

from dagserial.authoring import DAG
from dagserial.record import Record, serialize
from dagserial.sources import files
from dagserial.sources.reading import Reading, ReadOptions

SIDES = (0, 1)


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> list[Reading]:
    """Both sides of every case, each read as one tree of DAG files."""
    found = []
    for at in SIDES:
        root = tmp_path_factory.mktemp("side")
        (root / "dags").mkdir()
        for name in CASES:
            (root / "dags" / f"{stem(name)}.py").write_text(side(name, at))
        found.append(files.read(root, ReadOptions(dags=("dags",))))
    return found


def test_every_case_is_read(readings: list[Reading]) -> None:
    for reading in readings:
        assert not reading.errors
        assert {parsed.dag.dag_id for parsed in reading.parsed} == CASES.keys()


@pytest.mark.parametrize("name", sorted(CASES))
def test_dag_files_that_mean_two_things_have_two_digests(name: str, readings: list[Reading]) -> None:
    parsed = [next(one for one in reading.parsed if one.dag.dag_id == name) for reading in readings]
    assert Record.of_dag(parsed[0].dag).digest != Record.of_dag(parsed[1].dag).digest
    assert [one.warnings for one in parsed] == [(), ()]


def declared(folder: Path, name: str, at: int) -> DAG:
    """Run one side of a case with the authoring objects; both sides are one module of two folders."""
    file = folder / str(at) / f"{stem(name)}.py"
    file.parent.mkdir()
    file.write_text(side(name, at, AUTHORING_HEAD))
    spec = importlib.util.spec_from_file_location(stem(name), file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    dag: DAG = module.dag
    return dag


@pytest.mark.parametrize("name", sorted(CASES))
def test_live_dags_that_mean_two_things_have_two_digests(name: str, tmp_path: Path) -> None:
    records = [serialize(declared(tmp_path, name, at)) for at in SIDES]
    assert records[0].dag_id == records[1].dag_id == name
    assert records[0].digest != records[1].digest
