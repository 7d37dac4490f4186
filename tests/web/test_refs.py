"""Refs of a repository beside the store."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from running import running
from sqlalchemy.orm import Session
from store_cases import NOON
from support import Repo

from dagserial.history import History
from dagserial.store import RecordStore, create, open_engine
from dagserial.web import create_app

API = "/api/v1"


@pytest.fixture
def two_versions(repo: Repo, tmp_path: Path) -> str:
    """A repository of two versions of a DAG, both in a store; its URL."""
    url = f"sqlite:///{tmp_path / 'dags.db'}"
    engine = open_engine(url)
    create(engine)
    for number, schedule in enumerate(("@daily", "@weekly")):
        repo.commit({"dags/etl.py": f"from airflow import DAG\ndag = DAG('etl', schedule='{schedule}')\n"})
        repo.git("tag", f"v{number}")
        with History(repo.folder) as history, Session(engine) as session, session.begin():
            RecordStore(session).put(history.record("etl"), created_at=NOON)
    repo.git("branch", "team/x")
    engine.dispose()
    return url


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_refs_lead_to_records_and_diffs(repo: Repo, two_versions: str) -> None:
    before = files(repo.folder)
    with running(create_app(two_versions, repo=repo.folder, parse=True)) as client:
        first = client.get(f"{API}/refs.json?limit=2").json()
        refs = first["refs"] + client.get(first["next_url"]).json()["refs"]
        assert [row["ref"] for row in refs] == ["main", "team/x", "v0", "v1"]
        for row in refs:
            found = client.get(row["url"]).json()
            assert found["commit"] == repo.git("rev-parse", row["ref"])
            [record] = found["records"]
            assert client.get(record["record_url"]).json()["dag"]["dag_id"] == "etl"
        lead = client.get(f"{API}/diff/v0:etl..HEAD:etl.json")
        assert lead.status_code == 307
        assert [one["path"] for one in client.get(lead.headers["location"]).json()["changes"]] == ["/dag/schedule"]
    assert files(repo.folder) == before


def test_dag_files_are_not_read_unless_asked_for(repo: Repo, two_versions: str) -> None:
    with running(create_app(two_versions, repo=repo.folder)) as client:
        found = client.get(f"{API}/refs/HEAD~1.json").json()
        assert (found["commit"], found["records"]) == (repo.git("rev-parse", "HEAD~1"), None)
        assert client.get(f"{API}/diff/v0:etl..v1:etl.json").json()["code"] == "no_repository"


@pytest.mark.parametrize(
    "ref", ["nope", "--all", "@worktree", ":/change", "HEAD^{/x}", "main@{yesterday}", "../x", "v0..v1", "x" * 300, "-"]
)
def test_what_is_no_ref_is_not_asked_for(repo: Repo, two_versions: str, ref: str) -> None:
    with running(create_app(two_versions, repo=repo.folder, parse=True)) as client:
        got = client.get(f"{API}/refs/{httpx.QueryParams({'x': ref})['x'].replace('/', '%2F')}.json")
        assert (got.status_code, got.json()["code"]) == (404, "ref_unknown")


def test_a_hidden_dag_is_at_no_ref(repo: Repo, two_versions: str) -> None:
    def nothing(_request: object, dag_id: str | None) -> bool:
        return dag_id is None

    with running(create_app(two_versions, repo=repo.folder, parse=True, authorize=nothing)) as client:
        assert client.get(f"{API}/refs/main.json").json()["records"] == []
        hidden = client.get(f"{API}/diff/v0:etl..v1:etl.json").json()
        assert hidden == client.get(f"{API}/diff/v0:none..v1:none.json").json()
