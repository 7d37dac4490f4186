"""`log`, `blame` and `bisect`: what they print, how they end, and that nothing of it can harm a terminal."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Repo

Run = Callable[..., subprocess.CompletedProcess[str]]

DAG = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG({dag_id!r}, schedule="@daily"{more}):
    BashOperator(task_id="load", bash_command="a", retries={retries}, password={secret!r})
    BashOperator(task_id="v1.report", bash_command={report!r})
"""
VERBS = ("bisect", "blame", "log")


def dag(dag_id: str = "etl", retries: int = 1, report: str = "r", more: str = "", secret: str = "hunter2") -> str:
    return DAG.format(dag_id=dag_id, retries=retries, report=report, more=more, secret=secret)


BROKEN = "from airflow import DAG\nwith DAG('etl'\n"


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Six commits of one DAG: it comes, is retried more, is renamed, breaks, is mended, is retried even more."""
    repo = Repo(tmp_path_factory.mktemp("history") / "repo")
    repo.commit({"dags/etl.py": dag("old.etl")}, "first")
    repo.commit({"dags/etl.py": dag("old.etl", 2)}, "second")
    repo.commit({"dags/etl.py": dag("etl", 2, secret="swordfish")}, "renamed")
    repo.commit({"dags/etl.py": BROKEN}, "broken")
    repo.commit({"dags/etl.py": dag("etl", 2, "other", secret="swordfish")}, "mended \x1b[31mred\x07")
    repo.commit({"dags/etl.py": dag("etl", 5, "other", secret="swordfish"), "dags/b.py": dag("b")}, "more")
    return repo


@pytest.fixture(scope="module")
def run(history: Repo, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command line in that repository; what it remembers stays from test to test."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*arguments: str, cwd: Path = history.folder, **env: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache), **env}
        command = [sys.executable, "-m", "dagserial", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)

    return run


def rows(text: str) -> list[str]:
    """Return the lines of a log without commits and digests."""
    return [re.sub(r"^[0-9a-f]{8} \d{4}-\d\d-\d\d |  sha256:.*?(?=  [a-z])", "", line) for line in text.splitlines()]


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_examples_and_all_is_documented(run: Run, verb: str) -> None:
    said = run(verb, "--help").stdout
    text = (ROOT / "docs/cli.md").read_text()
    assert f"dagserial {verb}" in said
    assert f"## `dagserial {verb}" in text
    flags = {word.strip(",.;[]'") for word in said.split() if word.startswith("--")}
    assert {flag for flag in flags - {"--help", "--"} if flag not in text} == set()


def test_help_loads_no_git_and_no_deepdiff() -> None:
    code = (
        "import sys, contextlib\nfrom dagserial.cli import main\n"
        "for verb in ('log', 'blame', 'bisect'):\n"
        "    with contextlib.suppress(SystemExit):\n        main([verb, '--help'])\n"
        "print(sorted({'sqlalchemy', 'git', 'deepdiff', 'dask'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


def test_log_has_a_line_for_each_event(run: Run) -> None:
    done = run("log", "--oneline")
    assert done.returncode == 0, done.stderr
    assert rows(done.stdout) == [
        "added      b  more",
        "changed    etl  more",
        r"readable   etl  mended \u001b[31mred\u0007",
        "unreadable etl  broken",
        "renamed    old.etl -> etl  renamed",
        "changed    old.etl  second",
        "added      old.etl  first",
    ]
    assert re.match(r"[0-9a-f]{8} 2026-01-01 added      b  sha256:[0-9a-f]{8}  more\n", done.stdout)


def test_log_as_text_shows_commits_as_git_does(run: Run, history: Repo) -> None:
    done = run("log", "-n", "1", "HEAD~2")
    commit = history.git("rev-parse", "HEAD~2")
    head = f"commit {commit}\nAuthor: author\nDate:   2026-01-01T00:00:00+00:00\n\n    broken\n\n"
    assert done.stdout.startswith(head + "  ! etl  cannot be read  sha256:")
    assert "dags/etl.py: SyntaxError" in done.stdout


def test_log_of_a_task_has_only_what_changed_it_also_under_older_ids(run: Run) -> None:
    told = rows(run("log", "--oneline", "--", "etl.v1.report").stdout)
    assert [row.split()[0] for row in told] == ["readable", "unreadable", "renamed", "added"]
    told = rows(run("log", "--oneline", "--", "etl.load").stdout)
    assert [row.split()[0] for row in told] == ["changed", "readable", "unreadable", "renamed", "changed", "added"]
    assert rows(run("log", "--oneline", "--", "b.load").stdout) == ["added      b  more"]
    assert run("log", "--oneline", "--", "b.nothing").stdout == ""


def test_log_with_patches_tells_what_differs_and_no_secret(run: Run) -> None:
    done = run("log", "-p", "-n", "1", "HEAD~3")
    assert "old.etl -> etl renamed" in done.stdout
    assert "swordfish" not in done.stdout
    assert "cted sha256:" in done.stdout  # the rest does not fit into a line
    shown = run("log", "-p", "-n", "1", "HEAD~3", "--show-values")
    assert '"hunter2" -> "swordfish"' in shown.stdout
    assert "~1" in run("log", "--stat", "-n", "1").stdout


def test_log_as_json_and_ndjson_say_the_same(run: Run, history: Repo) -> None:
    document = json.loads(run("log", "-f", "json", "-p").stdout)
    lines = run("log", "-f", "ndjson", "-p").stdout.splitlines()
    assert document["format"] == "dagserial.log/1"
    assert [json.loads(line) for line in lines] == document["events"]
    newest = document["events"][0]
    assert newest["commit"] == history.git("rev-parse", "HEAD")
    assert (newest["operation"], newest["dag_id"], newest["file"]) == ("added", "b", "dags/b.py")
    assert "old" not in newest
    assert document["events"][4]["previous_id"] == "old.etl"
    assert [change["path"] for change in document["events"][1]["changes"]] == ["/tasks/load/args/retries"]
    assert "swordfish" not in json.dumps(document)


def test_log_as_markdown_is_a_table(run: Run) -> None:
    text = run("log", "-f", "markdown").stdout
    assert len(text.splitlines()) == 2 + 7
    assert {line.count("|") for line in text.splitlines()} == {7}
    assert "`old.etl` &rarr; `etl`" in text


def test_log_is_coloured_where_it_is_asked_for(run: Run) -> None:
    plain, coloured = (run("log", "--oneline", f"--color={choice}").stdout for choice in ("never", "always"))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[\d*m", "", coloured) == plain != coloured


def test_ranges_and_errors(run: Run) -> None:
    assert len(run("log", "--oneline", "HEAD~2..HEAD").stdout.splitlines()) == 3
    for arguments in (("log", "nowhere"), ("log", "--upload-pack=x"), ("log", "HEAD", "HEAD~1"), ("blame", "nope")):
        done = run(*arguments)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr


def test_a_shallow_clone_says_where_its_history_ends(run: Run, history: Repo, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--depth=2", f"file://{history.folder}", str(tmp_path / "shallow"))
    end = history.git("rev-parse", "--short=8", "HEAD~1")
    done = run("log", "--oneline", cwd=tmp_path / "shallow")
    assert len(done.stdout.splitlines()) == 2
    assert f"ends at {end}" in done.stderr
    assert "git fetch --unshallow" in done.stderr
    assert run("log", "-n", "1", cwd=tmp_path / "shallow").stderr == ""
    blamed = run("blame", "etl.load.bash_command", cwd=tmp_path / "shallow")
    assert "--------" in blamed.stdout
    assert f"ends at {end}" in blamed.stderr


def test_blame_names_the_commit_of_each_field(run: Run, history: Repo) -> None:
    document = json.loads(run("blame", "etl", "-f", "json").stdout)
    assert document["format"] == "dagserial.blame/1"
    assert document["commit"] == history.git("rev-parse", "HEAD")
    by_field = {(one["id"], one["field"]): one["blamed"]["subject"] for one in document["fields"]}
    assert by_field == {
        ("etl", "dag_id"): "renamed",
        ("etl", "schedule"): "first",
        ("load", "args.bash_command"): "first",
        ("load", "args.password"): "renamed",
        ("load", "args.retries"): "more",
        ("load", "operator"): "first",
        ("v1.report", "args.bash_command"): "mended \x1b[31mred\x07",
        ("v1.report", "operator"): "first",
    }
    assert "swordfish" not in json.dumps(document)


def test_blame_as_text_is_aligned_and_grouped(run: Run, history: Repo) -> None:
    done = run("blame", "etl")
    blocks = re.split(r"^(?=\S)", done.stdout, flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0].split("  ")[0] for block in blocks] == ["dag etl", "task load", "task v1.report"]
    assert len({line.index("2026-01-01") for line in done.stdout.splitlines() if line.startswith("  ")}) == 1
    assert f"  {history.git('rev-parse', '--short=8', 'HEAD')}  author  2026-01-01  args.retries" in done.stdout
    assert "hunter2" not in done.stdout
    assert "swordfish" not in done.stdout
    assert '"swordfish"' in run("blame", "etl", "--show-values").stdout


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("etl.load.retries", ["args.retries"]),
        ("etl.load.args.retries", ["args.retries"]),
        ("etl.schedule", ["schedule"]),
        ("etl.v1.report", ["args.bash_command", "operator"]),
        ("etl.v1.report.operator", ["operator"]),
    ],
)
def test_blame_finds_what_is_named_whatever_the_dots(run: Run, name: str, fields: list[str]) -> None:
    assert [one["field"] for one in json.loads(run("blame", name, "-f", "json").stdout)["fields"]] == fields


def test_blame_looks_from_a_ref(run: Run) -> None:
    document = json.loads(run("blame", "old.etl.load.retries", "--at", "HEAD~4", "-f", "json").stdout)
    assert [(one["value"], one["blamed"]["subject"]) for one in document["fields"]] == [(2, "second")]


def test_blame_of_what_is_not_there_says_what_is_alike(run: Run) -> None:
    done = run("blame", "etl.laod")
    assert done.returncode == 2
    assert "'load'" in done.stderr


def test_bisect_finds_the_commit(run: Run) -> None:
    done = run("bisect", "etl", "--when", "tasks.load.args.retries >= 5")
    assert done.returncode == 0, done.stderr
    assert "    more\n" in done.stdout
    assert "args/retries  2 -> 5" in done.stdout
    done = run("bisect", "etl", "--when", "tasks.load.args.retries >= 2")
    assert "    second\n" in done.stdout
    assert done.stderr.splitlines()[-1].endswith("second")
    assert "the first is " in done.stderr


def test_bisect_names_all_that_may_be_where_the_dag_could_not_be_read(run: Run) -> None:
    done = run("bisect", "etl", "--when", 'tasks["v1.report"].args.bash_command == "other"')
    assert done.returncode == 0
    assert "one of 2" in done.stderr
    assert "    broken\n" in done.stdout
    assert "    mended" in done.stdout


def test_bisect_by_a_command(run: Run) -> None:
    script = (
        "import hashlib, json, os, sys\n"
        "body = sys.stdin.buffer.read()\n"
        "assert os.environ['DAGSERIAL_DIGEST'] == 'sha256:' + hashlib.sha256(body).hexdigest()\n"
        "assert os.environ['DAGSERIAL_DAG'] == json.loads(body)['dag']['dag_id'] and os.environ['DAGSERIAL_COMMIT']\n"
        "print('said')\n"
        "sys.exit(json.loads(body)['tasks']['load']['args']['retries'] > 1)\n"
    )
    done = run("bisect", "etl", "--", sys.executable, "-c", script)
    assert "    second\n" in done.stdout
    assert "said" not in done.stdout
    assert "said" in done.stderr
    for code, ending in ((125, 1), (128, 2), (200, 2), (1, 0), (0, 1)):
        assert run("bisect", "etl", "--", sys.executable, "-c", f"raise SystemExit({code})").returncode == ending, code
    assert run("bisect", "etl", "--", sys.executable, "-c", "import os; os.kill(os.getpid(), 9)").returncode == 2
    assert run("bisect", "etl", "--", "/no/such/program").returncode == 2


def test_bisect_ends_with_1_if_there_is_nothing_to_find(run: Run) -> None:
    done = run("bisect", "etl", "--when", "tasks.load.args.retries > 99")
    assert done.returncode == 1
    assert done.stdout == ""


def test_bisect_says_what_was_so_all_the_time(run: Run) -> None:
    assert "from the start" in run("bisect", "etl", "--when", "tasks.load").stderr
    done = run("bisect", "b", "HEAD..HEAD", "--when", "tasks.load")
    assert done.returncode == 0
    assert "from the start" in done.stderr


def test_bisect_wants_one_question(run: Run) -> None:
    for arguments in ((), ("--when", "1", "--", "true"), ("--when", "tasks.load >"), ("--when", "nope == 1")):
        done = run("bisect", "etl", *arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    assert "column 1: 'nope' is unknown" in done.stderr


def long_history(folder: Path, commits: int) -> Repo:
    """Return a repository in which each commit makes a slow DAG file anew."""
    repo = Repo(folder)
    for number in range(commits):
        repo.commit({"dags/slow.py": "import time\ntime.sleep(0.2)\n" + dag("slow", number)}, f"commit {number}")
    return repo


def on_terminal(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command whose stderr is a terminal."""
    terminal, side = pty.openpty()
    started = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=side, start_new_session=True)
    os.close(side)
    return started, terminal


def read_all(terminal: int) -> bytes:
    found = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            return found
        if not piece:
            return found
        found += piece


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    for name in ("tmp", "cache"):
        (tmp_path / name).mkdir()
    places = {"TMPDIR": str(tmp_path / "tmp"), "XDG_CACHE_HOME": str(tmp_path / "cache"), "TERM": "xterm"}
    return {**os.environ, "PYTHONPATH": str(ROOT), **places}


def test_a_bar_is_shown_on_a_terminal_alone_and_gone_in_the_end(tmp_path: Path, environment: dict[str, str]) -> None:
    repo = long_history(tmp_path / "repo", 10)
    command = [sys.executable, "-m", "dagserial", "log", "--oneline", "--jobs", "1"]
    quiet = subprocess.run(
        [*command, "--no-cache"], cwd=repo.folder, env=environment, capture_output=True, text=True, check=True
    )
    assert quiet.stderr == ""
    assert len(quiet.stdout.splitlines()) == 10
    running, terminal = on_terminal(command, repo.folder, environment)
    said = read_all(terminal)
    with running:
        assert running.wait(60) == 0
    os.close(terminal)
    bars = re.findall(rb"reading history \[[#-]{24}\] +(\d+)%, (\d+) DAG files run", said)
    assert bars
    assert bars == sorted(bars, key=lambda bar: int(bar[0]))
    assert said.endswith(b"\r\x1b[K")


def test_ctrl_c_ends_with_130_leaves_nothing_and_keeps_what_is_remembered(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    repo = long_history(tmp_path / "repo", 30)
    command = [sys.executable, "-m", "dagserial", "log", "--jobs", "1"]
    running, terminal = on_terminal(command, repo.folder, environment)
    said = b""
    while not re.search(rb"[3-9] DAG files run", said):
        said += os.read(terminal, 4096)
    os.killpg(running.pid, signal.SIGINT)
    with running:
        assert running.wait(60) == 130
    said += read_all(terminal)
    os.close(terminal)
    assert b"Traceback" not in said
    assert said.rstrip(b"\r\n").endswith(b"\r\x1b[K")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not left_over(running.pid)
    asked = [sys.executable, "-m", "dagserial", "cache", "info"]
    told: Any = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout
    assert int(re.search(r"results +(\d+)", told)[1]) >= 3  # type: ignore[index]


def left_over(session: int) -> bool:
    """Wait for all processes of a session to end; tell whether one does not."""
    for _ in range(100):
        stats = [Path("/proc", pid, "stat") for pid in os.listdir("/proc") if pid.isdigit()]
        if not any(_session(stat) == session for stat in stats):
            return False
        time.sleep(0.05)
    return True


def _session(stat: Path) -> int | None:
    try:
        about = stat.read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(about[3]) if about[0] != "Z" else None
