"""The diff driver: what Git shows where it is set up."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from support import GIT_ENVIRONMENT, ROOT, Repo

Run = Callable[..., subprocess.CompletedProcess[str]]
ETL = """from airflow import DAG
from airflow.operators.bash import BashOperator
from settings import POOL

with DAG("etl", schedule="{schedule}"):
    BashOperator(task_id="load", bash_command="{command}", pool=POOL, env={{"DB_PASSWORD": "{password}"}})
"""
PLAIN = {"schedule": "@daily", "command": "run", "password": "old"}
NO_COLOR = {"NO_COLOR": "", "FORCE_COLOR": "", "DAGSERIAL_COLOR": "", "GIT_PAGER": "cat"}


def etl(**changes: str) -> str:
    return ETL.format(**PLAIN | changes)


class Driven(Repo):
    """A repository in which the driver is set up as the documentation says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.git("config", "diff.dagserial.command", f"{shlex.quote(sys.executable)} -m dagserial git-driver")
        self.commit({".gitattributes": "*.py diff=dagserial\n", "dags/settings.py": "POOL = 'small'\n"})

    def shown(self, *arguments: str, code: int = 0, **env: str) -> str:
        """Return what a Git command shows; nothing may go to stderr."""
        return self.bytes(*arguments, code=code, **env).decode()

    def bytes(self, *arguments: str, code: int = 0, **env: str) -> bytes:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **GIT_ENVIRONMENT, **NO_COLOR, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **env},
            capture_output=True,
            timeout=120,
        )
        assert (done.returncode, done.stderr) == (code, b"")
        return done.stdout

    def as_git_does(self, *arguments: str) -> str:
        """Return the same command's output without any driver."""
        at = next(at for at, word in enumerate(arguments) if word in ("diff", "show", "log"))
        return self.shown(*arguments[: at + 1], "--no-ext-diff", *arguments[at + 1 :])


@pytest.fixture
def repo(tmp_path: Path) -> Driven:
    return Driven(tmp_path / "repo with 'quotes'")


def test_git_diff_shows_what_an_edit_does(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.write({"dags/etl.py": etl(schedule="@hourly")})
    shown = repo.shown("diff").splitlines()
    assert shown[0] == "diff --dagserial a/dags/etl.py b/dags/etl.py"
    assert shown[1].startswith("dag etl ")
    assert shown[1].endswith("BEHAVIOURAL")
    assert shown[2].split() == ["~", "dag", "schedule", '"@daily"', "->", '"@hourly"', "[dag-schedule-changed]"]
    assert shown[-1] == "1 dag changed. 0 breaking, 1 behavioural, 0 cosmetic."
    repo.git("add", ".")
    assert repo.shown("diff", "--cached").splitlines() == shown
    assert repo.shown("diff", "HEAD", "--", "dags").splitlines() == shown
    assert "dagserial" not in repo.as_git_does("diff", "HEAD")


def test_an_edit_without_meaning_is_one_line(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.write({"dags/etl.py": "# a comment\n" + etl()})
    (repo.folder / "dags/etl.py").chmod(0o755)
    assert repo.shown("diff") == "dags/etl.py: no semantic change (mode 100644 -> 100755)\n"
    repo.commit({})
    repo.git("mv", "dags/etl.py", "dags/été neuf.py")
    repo.write({"dags/été neuf.py": etl()})
    assert repo.shown("diff", "HEAD", "-M") == "dags/etl.py -> dags/été neuf.py: no semantic change\n"


def test_a_mode_alone_is_shown_as_git_does(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    (repo.folder / "dags/etl.py").chmod(0o755)
    assert repo.shown("diff") == repo.as_git_does("diff") != ""


def test_the_log_shows_each_commit_with_its_own_changes(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl(), "other.py": "x = 1\n"}, "first")
    repo.commit({"dags/etl.py": etl(command="walk"), "other.py": "x = 2\n"}, "second")
    (repo.folder / "dags/etl.py").unlink()
    repo.commit({}, "third")
    third, second, first, _ = repo.shown("log", "-p", "--ext-diff", "--format=%x00%s").split("\0")[1:]
    assert '"run" -> "walk"' in second
    assert "[task-argument-changed]" in second
    assert "\n+x = 2\n" in second
    assert "+ dag etl " in first
    assert "\n+from airflow import DAG\n" in first, "what a new file holds is seen"
    assert "- dag etl " in third
    assert "[dag-removed]" in third
    assert "\ndeleted file mode 100644\n" in third
    assert "\n-from airflow import DAG\n" in third
    assert repo.shown("show", "--ext-diff", "--format=%x00%s", "HEAD^").split("\0")[1] == second.rstrip("\n") + "\n"
    assert "dagserial" not in repo.shown("log", "-p", "--format=%s", "--", "dags"), "log asks for no driver by itself"


def test_a_renamed_file_has_both_names(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.git("mv", "dags/etl.py", "dags/load.py")
    repo.commit({"dags/load.py": etl(command="walk")})
    shown = repo.shown("show", "--ext-diff", "--format=", "-M").splitlines()
    assert shown[0] == "diff --dagserial a/dags/etl.py b/dags/load.py"
    assert [line.split()[0] for line in shown[1:4]] == ["similarity", "rename", "rename"]
    assert '"run" -> "walk"' in shown[5]


PATHS = ["plain.py", "a b/c d.py", "dags/é\u202e.py", 'dags/"quoted"\t.py', "-dash.py", "dags/$(touch x);.py"]


def test_what_declares_no_dag_is_shown_as_git_does(repo: Driven) -> None:
    body = "def f():\n    x = {}\n    return x\n"
    repo.commit({path: body.format(1) for path in PATHS} | {"with_words.py": "# airflow dag\nx = 1\n"})
    repo.write({path: body.format(2) for path in PATHS} | {"with_words.py": "# airflow dag\nx = 2\n"})
    for path in PATHS[::2]:
        (repo.folder / path).unlink()
        repo.write({"new " + path.replace("/", "_"): "y = 1\n"})
    repo.git("add", "--all")
    shown = without_blobs(repo.shown("diff", "HEAD", "--no-renames"))
    assert shown == without_blobs(repo.as_git_does("diff", "HEAD", "--no-renames"))
    assert len([line for line in shown if line.startswith("diff --git ")]) == 10


def without_blobs(text: str) -> list[str]:
    """Return the lines of a diff; blobs are abbreviated to another length outside of a repository."""
    return [line for line in text.splitlines() if not line.startswith("index ")]


@pytest.mark.parametrize("similar", [True, False])
def test_other_files_that_are_renamed_are_shown_as_git_does(repo: Driven, similar: bool) -> None:
    lines = "".join(f"x_{number} = {number}\n" for number in range(30))
    repo.commit({"one é.py": lines})
    repo.git("mv", "one é.py", "two.py")
    repo.write({"two.py": lines + ("" if similar else "y = 1\n")})
    (repo.folder / "two.py").chmod(0o755)
    repo.git("add", "--all")
    for flags in (("diff", "HEAD", "-M"), ("-c", "color.diff=always", "diff", "HEAD", "-M")):
        assert repo.shown(*flags) == repo.as_git_does(*flags)


def test_binary_files_links_and_submodules_are_shown_as_git_does(repo: Driven, tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner")
    commits = [inner.commit({"x": str(number)}) for number in range(2)]
    head = repo.git("rev-parse", "HEAD")
    (repo.folder / "binary.py").write_bytes(b"airflow dag\0\1")
    (repo.folder / "link.py").symlink_to("dags/settings.py")
    (repo.folder / "turns.py").write_text("from airflow import DAG\n")
    repo.git("add", "--all")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commits[0]},sub.py")
    repo.git("commit", "-qm", "odd")
    (repo.folder / "binary.py").write_bytes(b"airflow dag\0\2")
    (repo.folder / "link.py").unlink()
    (repo.folder / "link.py").symlink_to("elsewhere")
    (repo.folder / "turns.py").unlink()
    (repo.folder / "turns.py").symlink_to("nowhere")
    repo.git("add", "binary.py", "link.py", "turns.py")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{commits[1]},sub.py")
    for refs in (("HEAD",), (head,)):
        shown, plain = (show("diff", "--cached", *refs) for show in (repo.shown, repo.as_git_does))
        noted = [line for line in without_blobs(shown) if not line.startswith("dagserial: ")]
        assert noted == without_blobs(plain)
    assert "Binary files a/binary.py and b/binary.py differ" in repo.shown("diff", "--cached")


def test_a_file_that_cannot_be_read_says_why_and_is_shown_as_git_does(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.write({"dags/etl.py": etl() + "raise KeyError('x\\x1b[31m')\n"})
    shown = repo.shown("diff")
    first, rest = shown.split("\n", 1)
    assert first.startswith("dagserial: dags/etl.py: the new file cannot be read: line 7: KeyError: ")
    assert "\x1b" not in first
    assert without_blobs(rest) == without_blobs(repo.as_git_does("diff"))
    repo.write({"dagserial.toml": "timeout = 'soon'\n"})
    assert "dagserial: dags/etl.py: SettingsError: " in repo.shown("diff")


def test_unmerged_paths_stay_unmerged(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.git("branch", "other")
    repo.commit({"dags/etl.py": etl(command="walk")})
    repo.git("checkout", "-q", "other")
    repo.commit({"dags/etl.py": etl(command="fly")})
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "main")
    assert repo.shown("diff", "--cached") == repo.as_git_does("diff", "--cached") == "* Unmerged path dags/etl.py\n"
    assert '"fly" -> ' not in repo.shown("diff", "--ours", "dags/etl.py"), "conflict marks are no Python"


def test_sides_that_the_work_tree_cannot_serve_are_read_at_their_commits(repo: Driven, tmp_path: Path) -> None:
    uses = etl().replace("settings", "pools").replace("POOL", "SMALL")
    repo.commit({"dags/etl.py": etl()}, "before")
    repo.commit({"dags/etl.py": uses, "dags/pools.py": "SMALL = 'small'\n"}, "made")
    repo.commit({"dags/etl.py": uses.replace("run", "walk")}, "walk")
    repo.commit({"dags/etl.py": "# gone\n", "dags/pools.py": "LARGE = 'large'\n"}, "after")
    assert '"run" -> "walk"' in repo.shown("show", "--ext-diff", "--format=", "HEAD^")
    bare = tmp_path / "bare.git"
    repo.git("clone", "-q", "--bare", ".", str(bare))
    Repo.git(repo, "-C", str(bare), "config", "diff.dagserial.command", repo.git("config", "diff.dagserial.command"))
    (bare / "info/attributes").write_text("*.py diff=dagserial\n")
    shown = repo.shown("-C", str(bare), "show", "--ext-diff", "--format=", "HEAD^")
    assert '"run" -> "walk"' in shown
    assert "dags/etl.py: no semantic change\n" in repo.shown("show", "--ext-diff", "--format=", "HEAD^^")


def test_secrets_are_shown_on_a_terminal_alone(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    repo.write({"dags/etl.py": etl(password="new")})
    assert '"new"' not in repo.shown("diff")
    assert "<redacted sha256:" in repo.shown("diff", COLUMNS="200")
    assert '"old" -> "new"' in repo.shown("diff", COLUMNS="200", GIT_PAGER_IN_USE="true")
    assert '"old" -> "new"' in repo.shown("diff", COLUMNS="200", DAGSERIAL_SHOW_VALUES="1")


def test_colour_is_as_git_has_it(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl(), "x.py": "x = 1\n"})
    repo.write({"dags/etl.py": etl(command="walk"), "x.py": "x = 2\n"})
    assert "\x1b" not in repo.shown("diff")
    for colored in (
        repo.shown("diff", GIT_PAGER_IN_USE="true", TERM="xterm"),
        repo.shown("-c", "color.diff=always", "diff"),
        repo.shown("diff", DAGSERIAL_COLOR="always"),
        repo.shown("diff", FORCE_COLOR="1"),
    ):
        assert colored.startswith("\x1b[1mdiff --dagserial a/dags/etl.py b/dags/etl.py\x1b[m\n")
        assert "\x1b[31m-x = 1\x1b[m\n" in colored
    assert "\x1b" not in repo.shown("-c", "color.ui=never", "diff", GIT_PAGER_IN_USE="true")
    assert "\x1b" not in repo.shown("-c", "color.diff=always", "diff", NO_COLOR="1").partition("diff --git")[0]


def test_settings_of_the_repository_hold(repo: Driven) -> None:
    repo.commit({"dags/etl.py": etl()})
    ignore = '[[ignore]]\nrule = "task-argument-changed"\nreason = "known"\n'
    repo.write({"dags/etl.py": etl(command="walk"), "dagserial.toml": ignore})
    shown = repo.shown("diff").splitlines()
    assert shown[1:] == ["no changes", "1 change ignored: rule task-argument-changed (known)."]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a.py", "b.py"),
        ("etl.py", *"1234567"),
        ("x.py", "/dev/null", ".", ".", "/dev/null", ".", "."),
        ("x.py", "/no/such", "0" * 40, "100644", "/dev/null", ".", "."),
    ],
)
def test_misuse_exits_with_2(dagserial: Run, arguments: tuple[str, ...]) -> None:
    done = dagserial("git-driver", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error: " in done.stderr


def test_help_tells_how_it_is_set_up(dagserial: Run) -> None:
    done = dagserial("git-driver", "--help")
    assert done.returncode == 0
    assert "git config diff.dagserial.command 'dagserial git-driver'" in done.stdout


def test_outside_of_a_repository_a_file_is_shown_line_by_line(dagserial: Run, tmp_path: Path) -> None:
    for name, command in (("old.py", "run"), ("new.py", "walk")):
        (tmp_path / name).write_text(etl(command=command))
    zeros = "0" * 40
    done = dagserial(
        "git-driver", "etl.py", "old.py", zeros, "100644", "new.py", zeros, "100644",
        cwd=tmp_path, env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
    )  # fmt: skip
    assert done.returncode == 0
    assert "is no Git repository" in done.stdout.splitlines()[0]
    assert 'bash_command="walk"' in done.stdout


def test_a_reader_that_left_is_no_failure(repo: Driven) -> None:
    repo.commit({"x.py": "x = 1\n"})
    driver = [sys.executable, "-m", "dagserial", "git-driver"]
    ends = os.pipe()
    os.close(ends[0])
    with os.fdopen(ends[1], "wb") as gone:
        done = subprocess.run(
            [*driver, "x.py", "/dev/null", ".", ".", "x.py", "0" * 40, "100644"],
            cwd=repo.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=gone,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_page_on_git_says_what_happens(tmp_path: Path) -> None:
    page = (ROOT / "docs/git.md").read_text()
    commands, shown = re.findall(r"\n\n((?:    .*\n|\n(?=    ))+)", page)[:2]
    repo = Repo(tmp_path / "repo")
    repo.commit({"dags/etl.py": etl(), "dags/settings.py": "POOL = 'small'\n"})
    repo.write({"dags/etl.py": etl(schedule="@hourly")})
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", textwrap.dedent(commands)],
        cwd=repo.folder,
        env={**os.environ, **GIT_ENVIRONMENT, **NO_COLOR, "GIT_CONFIG_GLOBAL": str(tmp_path / "config"), "PATH": programs, "COLUMNS": "90"},
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == textwrap.dedent(shown)


@pytest.mark.parametrize(
    ("path", "env", "why"),
    [("x" * 300 + ".py", {}, "File name too long"), ("x.py", {"PATH": "/no/such"}, "git cannot be run")],
)
def test_where_git_cannot_compare_we_do(
    dagserial: Run, tmp_path: Path, path: str, env: dict[str, str], why: str
) -> None:
    for name, text in (("old", "x = 1\n"), ("new", "x = 2\n")):
        (tmp_path / name).write_text(text)
    sides = ("old", "0" * 40, "100644", "new", "0" * 40, "100644")
    done = dagserial("git-driver", path, *sides, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    said, *lines = done.stdout.splitlines()
    assert said.startswith(f"dagserial: {path}: ")
    assert why in said
    assert lines[-2:] == ["-x = 1", "+x = 2"]


def test_a_reader_that_leaves_midway_is_no_failure(repo: Driven) -> None:
    repo.write({"x.py": "x = 1\n" * 300_000})
    driver = [
        sys.executable,
        "-m",
        "dagserial",
        "git-driver",
        "x.py",
        "/dev/null",
        ".",
        ".",
        "x.py",
        "0" * 40,
        "100644",
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(driver, cwd=repo.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.read(5) == b"diff "
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)
