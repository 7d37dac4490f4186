"""The source of a version, from the repository that is served beside the store."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from running import running
from sqlalchemy.orm import Session
from store_cases import NOON, record_of
from support import Repo

from dagserial.store import Origin, RecordStore, create, open_engine
from dagserial.web import create_app

SOURCE = "import this\n<script>alert(1)</script>\ndag = DAG('etl')\npassword = 'hunter2-hunter2'\n"


def pages(repo: Repo, folder: Path, origin: Origin) -> tuple[str, str]:
    """Return the pages of a version that came from somewhere, and of its DAG."""
    url = f"sqlite:///{folder / 'dags.db'}"
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session, session.begin():
        RecordStore(session).put(record_of("etl"), created_at=NOON, origin=origin)
    engine.dispose()
    with running(create_app(url, repo=repo.folder)) as client:
        answers: list[httpx.Response] = [client.get("/dags/etl/versions/1.html"), client.get("/dags/etl.html")]
    assert [answer.status_code for answer in answers] == [200, 200]
    return answers[0].text, answers[1].text


def committed(repo: Repo) -> str:
    repo.commit({"README": "one"})
    repo.commit({"dags/etl.py": SOURCE, "secret/key": "x"})
    return repo.git("rev-parse", "HEAD").strip()


def test_the_source_of_a_version_is_shown_as_text_without_secrets(repo: Repo, tmp_path: Path) -> None:
    origin = Origin(bundle_version=committed(repo), file="dags/etl.py", line=3)
    version, dag = pages(repo, tmp_path, origin)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in version
    assert "<mark>dag = DAG(&#39;etl&#39;)</mark>" in version
    assert "hunter2" not in version
    assert "by author" in dag


@pytest.mark.parametrize("file", ["dags/none.py", "../outside", "/etc/hostname", "dags", "--help"])
def test_what_the_commit_does_not_hold_is_not_shown(repo: Repo, tmp_path: Path, file: str) -> None:
    version, _ = pages(repo, tmp_path, Origin(bundle_version=committed(repo), file=file))
    assert "Source</h2>" not in version


def test_a_work_tree_that_was_changed_has_no_source_in_git(repo: Repo, tmp_path: Path) -> None:
    origin = Origin(bundle_version=committed(repo), file="dags/etl.py", is_dirty=True)
    assert "Source</h2>" not in pages(repo, tmp_path, origin)[0]
