"""The gate: severities, and what the settings hold of changes."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import ROOT, Repo

from dagserial.cli.policy import policy
from dagserial.diff import RULES
from dagserial.errors import SettingsError

Run = Callable[..., subprocess.CompletedProcess[str]]
ETL = """from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("etl", tags=[{tags}]):
    BashOperator(task_id="load", bash_command="load.sh", pool="{pool}")
"""
REPORT = 'from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator\n\nwith DAG("report"):\n    EmptyOperator(task_id="send")\n'


@pytest.fixture
def history(repo: Repo) -> Repo:
    """Tags `v1`, `v2` (a tag and a pool: behavioural), `v3` (a DAG is gone: breaking)."""
    for tag, files in {
        "v1": {"dags/etl.py": ETL.format(tags="", pool="a"), "dags/report.py": REPORT},
        "v2": {"dags/etl.py": ETL.format(tags='"x"', pool="b")},
        "v3": {"dags/report.py": "# gone\n"},
    }.items():
        repo.commit(files)
        repo.git("tag", tag)
    return repo


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("v1", "v2", "--fail-on", "cosmetic"), 1),
        (("v1", "v2", "--fail-on", "behavioural"), 1),
        (("v1", "v2", "--fail-on", "breaking"), 0),
        (("v2", "v3", "--fail-on", "breaking"), 1),
        (("v2", "v3", "--fail-on", "never"), 0),
        (("v2", "v3", "--fail-on", "never", "--exit-code"), 1),
        (("v1", "v2", "--fail-on", "breaking", "-q"), 0),
        (("v1", "v1", "--fail-on", "cosmetic"), 0),
        (("v1", "v2", "--fail-on", "grave"), 2),
    ],
)
def test_the_gate_closes_at_its_level(dagserial: Run, history: Repo, flags: tuple[str, ...], code: int) -> None:
    done = dagserial("diff", *flags, cwd=history.folder)
    assert done.returncode == code, done.stderr
    assert not ("-q" in flags and done.stdout)


def test_the_gate_can_be_set_by_the_environment(dagserial: Run, history: Repo) -> None:
    assert dagserial("diff", "v2", "v3", cwd=history.folder, env={"DAGSERIAL_FAIL_ON": "breaking"}).returncode == 1


def test_a_file_that_only_the_head_cannot_be_read_in_does_not_pass(dagserial: Run, history: Repo) -> None:
    history.commit({"dags/etl.py": "from airflow import DAG\nraise KeyError('x')\n"})
    history.git("tag", "broken")
    done = dagserial("diff", "v3", "broken", "--fail-on", "breaking", cwd=history.folder)
    assert done.returncode == 2
    assert "the gate cannot tell what this does: dags/etl.py:2: KeyError" in done.stderr
    assert dagserial("diff", "broken", "broken", "--fail-on", "cosmetic", cwd=history.folder).returncode == 0
    assert dagserial("diff", "broken", "v3", "--fail-on", "breaking", cwd=history.folder).returncode == 0
    assert dagserial("diff", "v2", "broken", "--fail-on", "breaking", cwd=history.folder).returncode == 1


def test_ignores_open_the_gate_and_are_told(dagserial: Run, history: Repo) -> None:
    history.write(
        {
            "dagserial.toml": '[severity]\ntask-pool-changed = "breaking"\n'
            '[[ignore]]\nrule = "dag-removed"\nreason = "moved to another repository"\n'
            '[[ignore]]\ndag = "etl"\nreason = "long ago"\nexpires = 2026-01-01\n'
            '[[ignore]]\nrule = "task-removed"\ndag = "no_such"\nreason = "never"\n'
        }
    )
    done = dagserial("diff", "v2", "v3", "--fail-on", "breaking", "--exit-code", cwd=history.folder)
    assert done.returncode == 0
    assert done.stdout == "no changes\n1 change ignored: rule dag-removed (moved to another repository).\n"
    assert done.stderr.splitlines() == [
        "ignore expired on 2026-01-01: dag etl (long ago)",
        "ignore unused: rule task-removed, dag no_such (never)",
    ]
    some = dagserial("diff", "v1", "v2", "--fail-on", "breaking", "--", "etl", cwd=history.folder)
    assert some.returncode == 1
    assert "1 change by the settings breaking, not behavioural: rule task-pool-changed." in some.stdout
    assert "unused" not in some.stderr


def test_the_document_has_verdicts_and_what_is_ignored(dagserial: Run, history: Repo) -> None:
    history.write({"dagserial.toml": '[[ignore]]\nrule = "dag-tags-changed"\nreason = "only words"\n'})
    document = json.loads(dagserial("diff", "v1", "v2", "-f", "json", cwd=history.folder).stdout)
    jsonschema.validate(document, json.loads((ROOT / "schema/diff.v1.json").read_text()))
    assert [change["rule"] for change in document["changes"]] == ["task-pool-changed"]
    assert [one["ignore"]["reason"] for one in document["ignored"]] == ["only words"]
    assert document["summary"]["by_severity"] == {"breaking": 0, "behavioural": 1, "cosmetic": 0}


@pytest.mark.parametrize("file", ["dagserial.toml", "pyproject.toml"])
def test_the_stanzas_of_a_diff_ignore_all_of_it(dagserial: Run, history: Repo, file: str) -> None:
    history.write({file: "[tool.dagserial]\n" if file == "pyproject.toml" else ""})
    stanzas = dagserial("diff", "v1", "v3", "-f", "ignore", cwd=history.folder).stdout
    written = (history.folder / file).read_text()
    history.write({file: written + stanzas})
    refused = dagserial("diff", "v1", "v3", cwd=history.folder)
    assert (refused.returncode, "ignore 1 has no reason" in refused.stderr) == (2, True)
    history.write({file: written + stanzas.replace('reason = ""', 'reason = "agreed"')})
    done = dagserial("diff", "v1", "v3", "--exit-code", cwd=history.folder)
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (0, "no changes", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[severity]\ntask-remove = "cosmetic"', "no rule 'task-remove'; the nearest are task-removed"),
        ('[severity]\ntask-removed = "grave"', "Invalid enum value 'grave'"),
        ('[[ignore]]\nrule = "task-remove"\nreason = "r"', "no rule 'task-remove'"),
        ('[[ignore]]\nrule = "task-removed"', "missing required field `reason`"),
        ('[[ignore]]\nrule = "task-removed"\nreason = " "', "ignore 1 has no reason"),
        ('[[ignore]]\nreason = "r"', "ignore 1 names neither rule nor dag nor fingerprint"),
        ('[[ignore]]\nfingerprint = "9c41"\nreason = "r"', "'9c41', which is not 8 to 64 hex"),
        ('[[ignore]]\nrule = "task-removed"\nreason = "r"\nuntil = 1', "unknown field `until`"),
        ('[[ignore]]\nrule = "task-removed"\nreason = "r"\nexpires = "soon"', "expires"),
    ],
)
def test_settings_that_hold_nothing_of_changes_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "dagserial.toml").write_text(text)
    with pytest.raises(SettingsError) as refused:
        policy(tmp_path)
    assert str(refused.value).startswith("dagserial.toml: ")
    assert said in str(refused.value)


def test_the_catalogue_lists_every_rule_under_its_category(dagserial: Run) -> None:
    lines = dagserial("rules").stdout.splitlines()
    listed, category = {}, ""
    for line in lines:
        category = category if line.startswith("  ") else line
        if line.startswith("  "):
            listed[line.split()[0]] = category
    assert listed == {rule.id: rule.category for rule in RULES.values()}


def test_a_rule_is_explained_with_its_example(dagserial: Run) -> None:
    said = dagserial("rules", "task-upstream-removed").stdout
    for words in (
        "dependency, behavioural",
        "extract -> load is gone",
        "breaking    if still-read",
        "task-upstream-added",
    ):
        assert words in said


def test_rules_are_a_document_too(dagserial: Run) -> None:
    document: dict[str, Any] = json.loads(dagserial("rules", "-f", "json").stdout)
    assert (document["format"], [rule["id"] for rule in document["rules"]]) == ("dagserial.rules/1", list(RULES))
    one = json.loads(dagserial("rules", "task-removed", "-f", "json").stdout)["rules"]
    assert [rule["severity"] for rule in one] == ["breaking"]


def test_an_unknown_rule_exits_with_2_and_the_nearest_names(dagserial: Run) -> None:
    done = dagserial("rules", "task-remved")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the nearest are task-removed" in done.stderr
