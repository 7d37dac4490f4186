"""What a child interpreter gets, and that it is gone afterwards, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from dagserial.errors import SandboxError, SettingsError
from dagserial.sandbox import Limits, Session, run

from . import sandbox_cases
from .sandbox_cases import GREETING, Item, Request, processes_with
from .sandbox_host import Job, Reporter

TESTS = Path(__file__).parents[1]
PARENT = """
import sys
sys.path += sys.argv[1:3]
import msgspec, tempfile
from sandbox.sandbox_cases import Item, Request
from dagserial.sandbox import Limits, Session, run
tempfile.tempdir = sys.argv[3]
item = Item("leave_a_daemon_and_sleep", sys.argv[4] + "-daemon")
request = Request([item], Limits(timeout=60.0), in_server=sys.argv[5] == "server")
run("sandbox.sandbox_cases", msgspec.msgpack.encode(request), limits=Limits(overall=60.0), env={"MARKER": sys.argv[4]})
"""


def _do(deed: str, argument: str = "", *, overall: float = 20.0, **options: object) -> bytes:
    request = Request([Item(deed, argument)], in_server=True)
    return run(sandbox_cases.__name__, msgspec.msgpack.encode(request), limits=Limits(overall=overall), **options)


def _refusal(deed: str, argument: str = "", **options: object) -> str:
    with pytest.raises(SandboxError) as raised:
        _do(deed, argument, **options)
    return str(raised.value)


def _all_gone(marker: str, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while processes_with(marker):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_answer_is_what_main_returns() -> None:
    assert _do("echo", "käse") == "käse".encode()


def test_start_is_fast() -> None:
    started = time.monotonic()
    _do("greet")
    assert time.monotonic() - started < 1.0  # 0.07 s on an idle machine


def test_prints_do_not_reach_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert _do("shout") == GREETING
    assert capfd.readouterr() == ("", "")


def test_server_that_closes_files_answers() -> None:
    assert _do("close_files") == GREETING


def test_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch, private_folders: Path) -> None:
    monkeypatch.setenv("SECRET", "of the caller")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    environment = json.loads(_do("show_environment"))
    folder = environment["HOME"]
    assert environment == {
        "PATH": "/usr/bin:/bin",
        "HOME": folder,
        "TMPDIR": folder,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
    }
    assert Path(folder).parent == private_folders


def test_caller_adds_variables_but_none_of_pythons() -> None:
    environment = json.loads(_do("show_environment", env={"TZ": "Asia/Tokyo", "A": "b", "PYTHONSTARTUP": "/nowhere"}))
    assert environment["TZ"] == "Asia/Tokyo"
    assert environment["A"] == "b"
    assert "PYTHONSTARTUP" not in environment


def test_working_folder_is_private_and_removed(private_folders: Path) -> None:
    folder, mode = json.loads(_do("show_folder"))
    assert Path(folder).parent == private_folders
    assert mode == "0o700"
    assert list(private_folders.iterdir()) == []


def test_files_are_private() -> None:
    assert _do("mode_of_a_new_file") == b"0o600"


def test_hash_seed_is_the_callers() -> None:
    hashes = [_do("show_hash", hash_seed=seed) for seed in (0, 0, 1, 1)]
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


def test_interpreter_is_isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert _do("greet") == GREETING


def test_module_that_is_missing_is_named() -> None:
    with pytest.raises(SandboxError) as raised:
        run("no_such_module", b"", limits=Limits())
    assert str(raised.value) == "the child interpreter failed: ModuleNotFoundError: No module named 'no_such_module'"


def test_module_without_main_is_refused() -> None:
    with pytest.raises(SandboxError) as raised:
        run("this", b"", limits=Limits())
    assert str(raised.value) == "the child interpreter failed: AttributeError: module 'this' has no attribute 'main'"


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("fail", "failed: LookupError: nowhere"),
        ("leave", "failed: SystemExit: 3"),
        ("interrupt", "failed: KeyboardInterrupt"),
        ("answer_with_text", "failed: answered with str, not with bytes"),
        ("crash", "was ended by signal 11 (SIGSEGV)"),
        ("vanish", "ended without an answer (exit status 7)"),
        ("sleep", "took longer than 0.5 s"),
        ("cling", "took longer than 0.5 s"),
    ],
)
def test_trouble_in_the_server_is_an_error(deed: str, reason: str, private_folders: Path) -> None:
    argument = {"fail": "nowhere", "vanish": "7"}.get(deed, "")
    overall = 0.5 if reason.startswith("took") else 20.0
    assert _refusal(deed, argument, overall=overall) == f"the child interpreter {reason}"
    assert list(private_folders.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "did not start: [Errno 2] No such file or directory: '{path}'"),
        ("echo first >&2; echo no interpreter today >&2; exit 3", "did not start: no interpreter today"),
        ("exit 3", "ended without an answer (exit status 3)"),
        ("kill -SEGV $$", "was ended by signal 11 (SIGSEGV)"),
    ],
)
def test_interpreter_that_does_not_start_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, reason: str
) -> None:
    path = tmp_path / "python"
    if script is not None:
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(path))
    assert _refusal("greet") == f"the child interpreter {reason.format(path=path)}"


@pytest.mark.parametrize("deed", ["leave_a_daemon", "leave_a_crowd"])
def test_descendants_of_the_server_end_with_it(deed: str, marker: str) -> None:
    assert _do(deed, marker) == GREETING
    assert processes_with(marker) == []


def test_descendants_end_when_time_is_over(marker: str) -> None:
    assert _refusal("leave_a_daemon_and_sleep", marker, overall=1.0).endswith("took longer than 1 s")
    assert processes_with(marker) == []


@pytest.mark.parametrize("place", ["server", "fork"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_everything_ends_with_the_parent(tmp_path: Path, marker: str, number: signal.Signals, place: str) -> None:
    checkout = Path(sandbox_cases.each.__code__.co_filename).parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(TESTS), str(checkout), str(tmp_path), marker, place],
        stderr=subprocess.DEVNULL,
    )
    with parent:
        while not processes_with(f"{marker}-daemon"):
            assert parent.poll() is None
            time.sleep(0.01)
        parent.send_signal(number)
    assert _all_gone(marker)
    if number == signal.SIGINT:
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("as_nobody", [False, True], ids=["this user", "nobody"])
def test_hostile_litter_is_removed(report: Reporter, world: Path, as_nobody: bool) -> None:
    outside = world / f"outside-{as_nobody}"
    outside.mkdir(mode=0o700)
    (outside / "file").touch(mode=0o400)
    made = report(Job(Request([Item("litter", str(outside))], in_server=True)), as_nobody=as_nobody)
    assert (made.answer, made.left) == (GREETING, [])
    assert oct(outside.stat().st_mode & 0o777) == "0o700"
    assert (outside / "file").exists()


def test_no_file_descriptor_is_left_open(private_folders: Path) -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    _do("greet")
    _refusal("leave")
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
@pytest.mark.parametrize("name", Limits.__struct_fields__)
def test_limits_are_above_zero_and_finite(name: str, value: float) -> None:
    with pytest.raises(SettingsError) as raised:
        Limits(**{name: value})
    assert str(raised.value) == f"the sandbox limit {name} is {value}; it must be above zero, and finite"


def _ask(session: Session, deed: str, argument: str = "", *, overall: float = 20.0) -> bytes:
    request = Request([Item(deed, argument)], in_server=True)
    return session.ask(msgspec.msgpack.encode(request), Limits(overall=overall))


def test_session_answers_one_request_after_another() -> None:
    with Session(sandbox_cases.__name__) as session:
        long = "ä" * 1_000_000
        assert [_ask(session, "echo", text) for text in ("a", long, "")] == [b"a", long.encode(), b""]


def test_session_forgets_between_requests() -> None:
    with Session(sandbox_cases.__name__) as session:
        assert [_ask(session, "count") for _ in range(2)] == [b"1", b"1"]


def test_what_a_request_wrote_is_gone_before_the_next() -> None:
    with Session(sandbox_cases.__name__) as session:
        _ask(session, "litter", "/nowhere")
        assert json.loads(_ask(session, "list_folder")) == []


def test_session_goes_on_after_an_exception() -> None:
    with Session(sandbox_cases.__name__) as session:
        with pytest.raises(SandboxError, match="LookupError: nowhere"):
            _ask(session, "fail", "nowhere")
        assert _ask(session, "echo", "still") == b"still"


@pytest.mark.parametrize(("deed", "reason"), [("vanish", "exit status 7"), ("sleep", "took longer than 0.5 s")])
def test_session_that_ended_answers_no_more(deed: str, reason: str) -> None:
    with Session(sandbox_cases.__name__) as session:
        with pytest.raises(SandboxError, match=reason):
            _ask(session, deed, "7", overall=0.5 if deed == "sleep" else 20.0)
        with pytest.raises(SandboxError):
            _ask(session, "echo", overall=0.5)


def test_daemon_of_a_request_is_gone_before_the_next(marker: str) -> None:
    with Session(sandbox_cases.__name__) as session:
        _ask(session, "leave_a_daemon", marker)
        _ask(session, "echo")
        assert _all_gone(marker, 0.5)
