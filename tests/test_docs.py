"""The documentation is true: sessions, snippets, links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, Repo

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_the_readme_shows_what_the_demo_prints(dagserial: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    printed = dagserial("demo", "--color", "never", env={"COLUMNS": "100"}).stdout.strip("\n").splitlines()
    block = "\n".join(("    " + line).rstrip() for line in printed)
    assert block in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in page.read_text()], ids=name)
def test_python_snippets_run(page: Path, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit({"dags/etl.py": "from airflow import DAG\ndag = DAG('etl')\n"})
    repo.git("tag", "v1.2.0")
    monkeypatch.chdir(repo.folder)
    for snippet in re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL):
        exec(compile(snippet, str(page), "exec"), {})


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text()
    decisions = (ROOT / "docs/decisions/README.md").read_text()
    for page in PAGES[2:]:
        known = decisions if page.parent.name == "decisions" else index
        assert page.name in known or page.name in ("index.md", "README.md"), page


def test_every_setting_and_flag_variable_is_documented() -> None:
    from dagserial.cli.settings import _FIELDS

    text = (ROOT / "docs/settings.md").read_text()
    assert [setting for setting in _FIELDS if setting not in text] == []
