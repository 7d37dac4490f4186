"""Serialized DAGs of Airflow on the command line."""

from __future__ import annotations

import json
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Repo

from dagserial.record import Record, serialize
from dagserial.sources import airflow_blob

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SHOP = (ROOT / "fixtures/airflow_blobs/dags/shop.py").read_text()


def captured(version: str, dag_id: str = "shop_plain") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"fixtures/airflow_blobs/{version}.json").read_text())["dags"][dag_id]
    return found


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    """The file of a blob of Airflow 3.3."""
    file = tmp_path / "blob.json"
    file.write_text(json.dumps(captured("3.3.2")["blob"]))
    return file


def test_serialize_writes_the_record_of_a_blob(dagserial: Run, blob: Path, tmp_path: Path) -> None:
    body = serialize(blob).body.decode()
    done = dagserial("serialize", blob, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, body)
    assert "only its beginning is known" in done.stderr
    (tmp_path / "blob.zlib").write_bytes(zlib.compress(blob.read_bytes()))
    assert dagserial("serialize", "blob.zlib", cwd=tmp_path).stdout == body


def test_serialize_takes_blobs_beside_dag_files(dagserial: Run, blob: Path, tmp_path: Path) -> None:
    (tmp_path / "etl.py").write_text("from airflow import DAG\ndag = DAG('etl')\n")
    done = dagserial("serialize", blob, "etl.py", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["etl.json", "shop_plain.json"]


def test_diff_of_a_blob_and_the_dag_file_it_is_of_says_what_is_not_known(
    dagserial: Run, blob: Path, repo: Repo
) -> None:
    repo.commit({"dags/shop.py": SHOP})
    for operands in ([blob, "HEAD:shop_plain"], ["HEAD:shop_plain", blob], [blob]):
        done = dagserial("diff", *operands, "--exit-code", cwd=repo.folder)
        assert (done.returncode, done.stdout) == (0, "no changes. Not known on one side: 24 values.\n"), done.stderr


def test_diff_of_a_blob_shows_what_a_commit_will_change(dagserial: Run, blob: Path, repo: Repo) -> None:
    repo.commit({"dags/shop.py": SHOP.replace('trigger_rule="none_failed",', 'trigger_rule="all_done",')})
    done = dagserial("diff", blob, "HEAD:shop_plain", "-f", "json", "--exit-code", cwd=repo.folder)
    found = json.loads(done.stdout)
    assert (done.returncode, [change["path"] for change in found["changes"]]) == (1, ["/tasks/check/args/trigger_rule"])
    assert (found["base"]["ref"], found["head"]["ref"]) == (str(blob), "HEAD:shop_plain")
    assert found["head"]["commit"] == repo.git("rev-parse", "HEAD").strip()
    assert found["summary"]["unknown"] == 24


def test_two_files_need_no_repository(dagserial: Run, blob: Path, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps(captured("2.11.2")["blob"]))
    (tmp_path / "record.json").write_bytes(serialize(blob).body)
    assert dagserial("diff", "old.json", "blob.json", "--exit-code", cwd=tmp_path).returncode == 0
    assert dagserial("diff", "record.json", "blob.json", cwd=tmp_path).stdout.startswith("no changes")
    done = dagserial("diff", "-", "./blob.json", cwd=tmp_path, input=blob.read_text())
    assert (done.returncode, done.stdout) == (0, "no changes\n"), done.stderr


def test_show_and_cat_read_a_blob(dagserial: Run, blob: Path, tmp_path: Path) -> None:
    shown = dagserial("show", blob, cwd=tmp_path).stdout
    assert shown.startswith("dag shop_plain\n")
    assert "bash_command: unknown echo 0123" in shown
    assert dagserial("cat", blob, cwd=tmp_path).stdout == serialize(blob).body.decode()


@pytest.mark.parametrize("version", ["2.9.2", "2.11.2", "3.0.6", "3.1.8", "3.3.2"])
def test_the_hash_that_airflow_stores_is_shown(dagserial: Run, tmp_path: Path, version: str) -> None:
    held = captured(version, "shop_groups")
    (tmp_path / "blob.json").write_text(json.dumps(held["blob"]))
    done = dagserial("show", "blob.json", "--airflow-hash", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, held["dag_hash"])
    assert done.stdout.splitlines() == list(airflow_blob.airflow_hashes(held["blob"]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "HEAD:etl", "--airflow-hash"), "'HEAD:etl' is no file: Airflow's hash is that of a serialized DAG"),
        (("show", "record.json", "--airflow-hash"), "no serialized DAG"),
        (("show", "future.json"), "`__version` 9 is unknown; this version reads 1, 2, 3"),
        (("serialize", "future.json"), "`__version` 9 is unknown; this version reads 1, 2, 3"),
        (("serialize", "other.json"), "no DAG file"),
        (("diff", "blob.json", "HEAD:etl"), "no Git repository"),
        (("diff", "-", "-"), "only one side can come by stdin"),
        (("diff", "blob.json", "blob.json", "blob.json"), "two operands at most"),
        (("diff", "future.json", "blob.json"), "`__version` 9 is unknown"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_trouble_is_one_clear_line(
    dagserial: Run, blob: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "future.json").write_text('{"__version": 9, "dag": {"tasks": []}}')
    (tmp_path / "record.json").write_bytes(serialize(blob).body)
    (tmp_path / "other.json").write_text("{}")
    done = dagserial(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.strip().splitlines()
    assert message in line


def test_a_ref_and_a_file_are_not_compared(dagserial: Run, blob: Path, repo: Repo) -> None:
    repo.commit({"dags/shop.py": SHOP})
    done = dagserial("diff", blob, "HEAD", cwd=repo.folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'HEAD' names no DAG, as the other side does; HEAD:DAG_ID does" in done.stderr


def test_a_branch_that_is_called_as_a_file_is_a_branch(dagserial: Run, repo: Repo) -> None:
    repo.commit({"dags/etl.py": "from airflow import DAG\ndag = DAG('etl')\n", "release": "a file"})
    repo.git("branch", "release")
    done = dagserial("diff", "release", "HEAD", cwd=repo.folder)
    assert (done.returncode, done.stdout) == (0, "no changes\n"), done.stderr


def test_a_record_of_a_blob_is_a_record_like_any_other(blob: Path) -> None:
    record = serialize(blob)
    assert Record.of(record.body, expected=record.digest) == record
