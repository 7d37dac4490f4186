"""The GitLab job of the documentation, run as it stands against a real remote."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from pull_requests import BROKEN, EDITED, GONE, HEAD, Comments, Forge
from support import GIT_ENVIRONMENT, ROOT, Repo

BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/ci.md").read_text(), flags=re.DOTALL)
WORKFLOW: dict[Any, Any] = yaml.safe_load(BLOCKS[0])
JOB: dict[str, Any] = yaml.safe_load(BLOCKS[1])["dags"]
MARK = "<!-- dagserial diff -->\n"


def run(checkout: Repo, runner_temp: Path, shell: str = "bash", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the job's script as a runner does: all lines in one shell that stops at the first failure."""
    path = f"{runner_temp / 'dagserial/bin'}{os.pathsep}{os.environ['PATH']}"
    own = {"DAGSERIAL": f"dagserial[parse] @ {ROOT.as_uri()}", "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    script = "\n".join(["set -e", *JOB["script"]])
    return subprocess.run(
        [shell, "-c", script],
        cwd=checkout.folder,
        env=os.environ | GIT_ENVIRONMENT | own | variables,
        capture_output=True,
        text=True,
        timeout=300,
    )


def merge_request(tmp_path: Path, change: dict[str, str], ref: str = HEAD) -> tuple[Repo, dict[str, str]]:
    """Return a checkout as GitLab makes it, and the variables that it sets."""
    forge = Forge(tmp_path / "forge", change)
    checkout = forge.checkout(tmp_path / "checkout", ref)
    return checkout, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": forge.base, "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": HEAD}


def test_reports_are_there_and_the_gate_closes(tmp_path: Path, runner_temp: Path) -> None:
    checkout, variables = merge_request(tmp_path, GONE)
    done = run(checkout, runner_temp, **variables)
    assert (done.returncode, "BREAKING" in done.stdout) == (1, True), done.stderr
    reports = JOB["artifacts"]["reports"]
    issues = json.loads((checkout.folder / reports["codequality"]).read_text())
    assert {issue["location"]["path"] for issue in issues} == {"dags/etl.py"}
    assert ElementTree.parse(checkout.folder / reports["junit"]).getroot().tag == "testsuites"
    assert all((checkout.folder / path).is_file() for path in JOB["artifacts"]["paths"])
    assert JOB["artifacts"]["when"] == "always"


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_note_is_written_once_and_rewritten(
    tmp_path: Path, runner_temp: Path, comments: Comments, shell: str
) -> None:
    comments.add("someone's words")
    checkout, variables = merge_request(tmp_path, EDITED)
    variables |= {
        "CI_API_V4_URL": comments.url,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "DAGSERIAL_TOKEN": "s3cret",
    }
    codes = [run(checkout, runner_temp, shell, **variables).returncode for _ in range(2)]
    assert codes == [0, 0]
    place = "/projects/3/merge_requests/7/notes"
    assert comments.asked == [f"GET {place}", f"POST {place}", f"GET {place}", f"PUT {place}/2"]
    assert [comment["body"].startswith(MARK) for comment in comments.kept] == [False, True]
    assert comments.tokens == {"s3cret"}


def test_a_note_that_is_refused_fails_nothing(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    comments.refusal = 403
    checkout, variables = merge_request(tmp_path, EDITED)
    variables |= {"CI_API_V4_URL": comments.url, "CI_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7"}
    done = run(checkout, runner_temp, **variables, DAGSERIAL_TOKEN="s3cret")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "No note was written.")


def test_merged_results_are_compared_with_the_target_branch(tmp_path: Path, runner_temp: Path) -> None:
    checkout, variables = merge_request(tmp_path, EDITED, "refs/pull/7/merge")
    target = checkout.git("ls-remote", "origin", "main").split()[0]
    done = run(checkout, runner_temp, **variables, CI_MERGE_REQUEST_TARGET_BRANCH_SHA=target)
    assert "dag-schedule-changed" in done.stdout
    assert "new_2" not in done.stdout


def test_a_file_that_can_no_longer_be_read_closes_the_gate(tmp_path: Path, runner_temp: Path) -> None:
    checkout, variables = merge_request(tmp_path, BROKEN)
    assert run(checkout, runner_temp, **variables).returncode == 2
    assert (checkout.folder / "quality.json").is_file()


def test_the_workflow_gives_the_action_what_it_knows() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = next(step for step in WORKFLOW["jobs"]["diff"]["steps"] if step.get("id") == "dags")
    assert step["with"].keys() <= action["inputs"].keys()
    assert WORKFLOW["permissions"] == {"contents": "read", "pull-requests": "write"}
    used = re.findall(r"steps\.dags\.outputs\.(\w+)", BLOCKS[0])
    assert used
    assert set(used) <= action["outputs"].keys()
