"""What list, diff, show and demo write."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from support import ROOT, Repo

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ETL = """
import os
from airflow import DAG
from airflow.models import Variable
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup

with DAG("etl_daily", schedule="@daily") as dag:
    extract = BashOperator(task_id="extract", bash_command="fetch " + Variable.get("source"))
    with TaskGroup("load") as group:
        BashOperator.partial(task_id="shop").expand(bash_command=["a", "b"])
    extract >> group
"""
REPORT = """
from airflow.decorators import dag, task

@dag(schedule=None)
def report():
    @task
    def send():
        return 1
    send()

report()
"""
BROKEN = "# airflow dag\n\nraise ValueError('no')\n"


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Two commits with a tag each; the second breaks one file, changes another, and adds a third."""
    repo.commit({"dags/etl.py": ETL, "dags/report.py": REPORT})
    repo.git("tag", "v1")
    changed = ETL.replace('"@daily"', '"@hourly"').replace('["a", "b"]', '["b", "a"]')
    repo.commit({"dags/etl.py": changed, "dags/report.py": BROKEN, "dags/new.py": REPORT.replace("report", "extra")})
    repo.git("tag", "-a", "v2", "-m", "two")
    return repo


def listed(run: Run, repo: Repo, *arguments: str, **kwargs: Any) -> dict[str, Any]:
    done = run("list", "-f", "json", *arguments, cwd=repo.folder, **kwargs)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_list_json_has_the_shape_that_scripts_rely_on(dagserial: Run, history: Repo) -> None:
    document = listed(dagserial, history, "v2")
    commit = history.git("rev-parse", "v2^{commit}")
    assert {key: document[key] for key in ("format", "ref", "commit")} == {
        "format": "dagserial.list/1",
        "ref": "v2",
        "commit": commit,
    }
    assert [(dag["dag_id"], dag["file"], dag["line"], dag["tasks"]) for dag in document["dags"]] == [
        ("etl_daily", "dags/etl.py", 8, 2),
        ("extra", "dags/new.py", 11, 1),
    ]
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", dag["digest"]) for dag in document["dags"])
    assert document["errors"] == [{"error": "ValueError: no", "file": "dags/report.py", "line": 3}]


def test_list_of_the_work_tree_has_no_commit_and_sees_what_is_not_committed(dagserial: Run, history: Repo) -> None:
    history.write({"dags/report.py": REPORT})
    document = listed(dagserial, history)
    assert (document["ref"], document["commit"]) == ("@worktree", None)
    assert [dag["dag_id"] for dag in document["dags"]] == ["etl_daily", "extra", "report"]
    assert document["errors"] == []


def test_list_gives_the_same_bytes_everywhere(dagserial: Run, history: Repo, tmp_path: Path) -> None:
    clone = tmp_path / "somewhere" / "else"
    subprocess.run(["git", "clone", "--quiet", str(history.folder), str(clone)], check=True)
    (clone / "sub").mkdir()
    first = dagserial("list", "v2", "-f", "json", cwd=history.folder, env={"PYTHONHASHSEED": "1"})
    env = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C"}
    again = dagserial("list", "v2", "-f", "json", cwd=clone / "sub", env=env)
    assert (first.returncode, first.stdout) == (0, again.stdout)


def test_list_text_names_every_dag_and_reports_what_failed(dagserial: Run, history: Repo) -> None:
    done = dagserial("list", "v2", cwd=history.folder)
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["etl_daily", "extra"]
    assert "dags/report.py:3: ValueError: no" in done.stderr
    assert dagserial("list", "v2", "--exit-code", cwd=history.folder).returncode == 1
    assert dagserial("list", "v1", "--exit-code", cwd=history.folder).returncode == 0


def test_diff_json_is_what_its_schema_says(dagserial: Run, history: Repo) -> None:
    done = dagserial("diff", "v1", "v2", "-f", "json", cwd=history.folder)
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((ROOT / "schema/diff.v1.json").read_text()))
    assert document["format"] == "dagserial.diff/1"
    found = {(change["operation"], change["object"]["dag_id"], change["path"]) for change in document["changes"]}
    assert ("changed", "etl_daily", "/dag/schedule") in found
    assert ("added", "extra", "") in found
    assert any(path.startswith("/tasks/load.shop/mapping") for _, _, path in found)


def test_a_dag_whose_file_broke_is_not_called_removed(dagserial: Run, history: Repo) -> None:
    done = dagserial("diff", "v1", "v2", "-f", "json", cwd=history.folder)
    document = json.loads(done.stdout)
    assert "report" not in {change["object"]["dag_id"] for change in document["changes"]}
    assert document["errors"] == [{"error": "ValueError: no", "file": "dags/report.py", "line": 3, "side": "head"}]
    assert "not compared: v2:dags/report.py:3" in dagserial("diff", "v1", "v2", cwd=history.folder).stderr


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        (("v1", "v2"), {"etl_daily", "extra"}),
        (("v1..v2",), {"etl_daily", "extra"}),
        (("v1...v2",), {"etl_daily", "extra"}),
        (("v1..",), {"etl_daily", "extra"}),
        (("..v1",), {"etl_daily", "extra"}),
        (("v1",), {"etl_daily", "extra"}),
        ((), set()),
        (("v1", "v2", "--", "etl_*"), {"etl_daily"}),
        (("v1", "v2", "--", "etl_daily.load.*"), {"etl_daily"}),
        (("v1", "v2", "--", "etl_daily.extract"), set()),
        (("v1", "v2", "--", "nosuch"), set()),
    ],
)
def test_diff_takes_refs_as_git_does_and_dags_behind_the_dashes(
    dagserial: Run, history: Repo, arguments: tuple[str, ...], changed: set[str]
) -> None:
    done = dagserial("diff", "-f", "json", *arguments, cwd=history.folder)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert {change["object"]["dag_id"] for change in document["changes"]} == changed


def test_three_dots_compare_from_the_merge_base(dagserial: Run, history: Repo) -> None:
    history.git("checkout", "--quiet", "-b", "topic", "v1")
    history.commit({"dags/topic.py": REPORT.replace("report", "topic")})
    document = json.loads(dagserial("diff", "main...topic", "-f", "json", cwd=history.folder).stdout)
    assert {change["object"]["dag_id"] for change in document["changes"]} == {"topic"}
    assert document["base"]["commit"] == history.git("rev-parse", "v1^{commit}")


def test_diff_exit_codes(dagserial: Run, history: Repo) -> None:
    assert dagserial("diff", "v1", "v2", cwd=history.folder).returncode == 0
    assert dagserial("diff", "v1", "v2", "--exit-code", cwd=history.folder).returncode == 1
    assert dagserial("diff", "v1", "v1", "--exit-code", cwd=history.folder).returncode == 0
    quiet = dagserial("diff", "v1", "v2", "-q", cwd=history.folder)
    assert (quiet.returncode, quiet.stdout) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_diff_colours_where_it_is_wanted(
    dagserial: Run, history: Repo, arguments: tuple[str, ...], env: dict[str, str], colored: bool
) -> None:
    done = dagserial("diff", "v1", "v2", *arguments, cwd=history.folder, env=env)
    assert ("\x1b[" in done.stdout) is colored


def test_show_json_is_the_record_and_its_sha256_the_digest(dagserial: Run, history: Repo) -> None:
    body = dagserial("show", "v1:etl_daily", "-f", "json", cwd=history.folder).stdout.encode()
    digests = {dag["dag_id"]: dag["digest"] for dag in listed(dagserial, history, "v1")["dags"]}
    assert "sha256:" + hashlib.sha256(body).hexdigest() == digests["etl_daily"]


def test_show_reads_a_record_from_a_file_and_from_stdin(dagserial: Run, history: Repo, tmp_path: Path) -> None:
    body = dagserial("show", "v1:report", "-f", "json", cwd=history.folder).stdout
    (tmp_path / "report.json").write_text(body)
    assert dagserial("show", "report.json", "-f", "json", cwd=tmp_path).stdout == body
    assert dagserial("show", "-", "-f", "json", cwd=tmp_path, input=body).stdout == body
    done = dagserial("show", "-", cwd=tmp_path, input="{}")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_show_draws_groups_mapped_tasks_and_edges(dagserial: Run, history: Repo) -> None:
    mermaid = dagserial("show", "v1:etl_daily", "-f", "mermaid", cwd=history.folder).stdout
    assert mermaid.splitlines() == [
        "flowchart LR",
        '  t0["extract"]',
        '  subgraph g0["load"]',
        '    t1[["load.shop"]]',
        "  end",
        "  t0 --> t1",
    ]
    text = dagserial("show", "v1:etl_daily", cwd=history.folder).stdout
    assert "task load.shop airflow.providers.standard.operators.bash.BashOperator" in text
    assert '  bash_command: "fetch {{ var.value.source }}"' in text


def test_show_dot_is_what_graphviz_reads(dagserial: Run, history: Repo) -> None:
    dot = dagserial("show", "v1:etl_daily", "-f", "dot", cwd=history.folder).stdout
    assert '"extract" -> "load.shop";' in dot
    if graphviz := shutil.which("dot"):
        subprocess.run([graphviz, "-Tsvg"], input=dot, text=True, check=True, capture_output=True)


def test_show_svg_is_a_file_that_needs_nothing_else(dagserial: Run, history: Repo) -> None:
    text = dagserial("show", "v1:etl_daily", "-f", "svg", cwd=history.folder).stdout
    picture = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    titles = [group.findtext(f"{space}title") for group in picture.findall(f"{space}g")]
    assert titles == ["load (group)", "extract (BashOperator)", "load.shop (mapped, BashOperator)"]
    assert picture.find(f"{space}style") is not None


def test_variables_come_from_flag_settings_and_environment(dagserial: Run, history: Repo, tmp_path: Path) -> None:
    def command(*arguments: str, env: dict[str, str] | None = None) -> Any:
        done = dagserial("show", "v1:etl_daily", "-f", "json", *arguments, cwd=history.folder, env=env)
        return json.loads(done.stdout)["tasks"]["extract"]["args"]["bash_command"]

    assert command() == "fetch {{ var.value.source }}"
    assert command(env={"AIRFLOW_VAR_SOURCE": "s3"}) == "fetch s3"
    history.write({"dagserial.toml": '[variables]\nsource = "gcs"\n'})
    assert command(env={"AIRFLOW_VAR_SOURCE": "s3"}) == "fetch gcs"
    (tmp_path / "variables.json").write_text('{"source": {"value": "http", "description": "where"}}')
    assert command("--variables", str(tmp_path / "variables.json")) == "fetch http"


def test_demo_lists_stamps_and_diffs_and_cleans_up(dagserial: Run, tmp_path: Path) -> None:
    done = dagserial("demo", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "sales_daily    sha256:" in done.stdout
    assert done.stdout.count("scheduled__") == 2
    assert "+ task   load.check" in done.stdout
    assert '["sales", "stock"] -> ["stock", ' in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_demo_keeps_what_it_made_when_asked(dagserial: Run, tmp_path: Path) -> None:
    done = dagserial("demo", "--keep", env={"TMPDIR": str(tmp_path)})
    (kept,) = tmp_path.iterdir()
    assert str(kept) in done.stdout
    again = dagserial("list", "v1.1", "-f", "json", "--repo", str(kept / "repo"))
    assert [dag["dag_id"] for dag in json.loads(again.stdout)["dags"]] == ["report_weekly", "sales_daily"]


def test_demo_without_git_says_so(dagserial: Run, tmp_path: Path) -> None:
    done = dagserial("demo", env={"PATH": str(tmp_path), "TMPDIR": str(tmp_path)})
    assert done.returncode == 2
    assert "git is not installed" in done.stderr


def test_the_users_repository_is_untouched(dagserial: Run, history: Repo) -> None:
    def state() -> dict[str, bytes]:
        files = (path for path in history.folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files}

    before, times = state(), os.stat(history.folder / ".git/index").st_mtime_ns
    for arguments in (("list",), ("list", "v1"), ("diff", "v1...v2"), ("show", "v1:etl_daily")):
        assert dagserial(*arguments, cwd=history.folder).returncode == 0
    assert (state(), os.stat(history.folder / ".git/index").st_mtime_ns) == (before, times)
