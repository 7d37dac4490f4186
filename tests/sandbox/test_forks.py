"""What each item may do, as every user and on every kind of machine that the sandbox is built for."""

import json
import os
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path
from socket import socket
from typing import NamedTuple

import msgspec
import pytest

from dagserial.sandbox import Limits, Outcome, landlock, run

from . import sandbox_cases
from .sandbox_cases import GREETING, Item, Request, outcomes_of, processes_with
from .sandbox_host import HOST, Job, Reporter

HOSTS = {
    f"{user}, {machine}": (user == "nobody", without)
    for user in ("this user", "nobody")
    for machine, without in {
        "all layers": {},
        "no namespaces": {"without_namespaces": True},
        "no namespaces, no landlock": {"without_namespaces": True, "without_landlock": True},
    }.items()
}
LIMITS = Limits(timeout=1.5, memory_mib=64, jobs=4, answer_bytes=1_000_000)
PATIENT = Limits(timeout=5.0)
DENIED = "PermissionError: [Errno 13] Permission denied"
LATE = "took longer than 1.5 s"
FULL = "used more than 64 MiB of memory"

EVERYWHERE: dict[tuple[str, str], bytes | str] = {
    ("greet", ""): GREETING,
    ("loop", ""): LATE,
    ("sleep", ""): LATE,
    ("cling", ""): LATE,
    ("swallow", ""): FULL,
    ("grow", ""): FULL,
    ("crash", ""): "was ended by signal 11 (SIGSEGV)",
    ("vanish", "0"): "ended without an answer (exit status 0)",
    ("vanish", "7"): "ended without an answer (exit status 7)",
    ("leave", ""): "SystemExit: 3",
    ("interrupt", ""): "KeyboardInterrupt",
    ("fail", "nowhere"): "LookupError: nowhere",
    ("fail_without_words", ""): "Mute",
    ("fail_with_surrogates", ""): "ValueError: \\udcff",
    ("fail_with_many_words", ""): "ValueError: " + "ab" * 2042,
    ("answer_with_text", ""): "answered with str, not with bytes",
    ("answer_at_length", "1000000"): b"x" * 1_000_000,
    ("answer_at_length", "1000001"): "answered with 1000001 bytes, more than the 1000000 that are allowed",
    ("shout", ""): GREETING,
    ("close_files", ""): GREETING,
    ("close_every_file", ""): "ended without an answer (exit status 0)",
    ("scribble", ""): "answered with bytes that are no frame",
    ("promise_too_much", ""): f"answered with {1 << 62} bytes, more than the 1000000 that are allowed",
    ("leave_a_thread", ""): GREETING,
    ("leave_a_daemon", "{marker}-1"): GREETING,
    ("leave_a_daemon_and_sleep", "{marker}-2"): LATE,
    ("leave_a_daemon_and_crash", "{marker}-3"): "was ended by signal 11 (SIGSEGV)",
    ("leave_a_crowd", "{marker}-4"): GREETING,
    ("connect_tcp", "{tcp}"): DENIED,
    ("connect_udp", "{udp}"): DENIED,
    ("connect_unix", "{world}/socket"): DENIED,
    ("pair_sockets", ""): GREETING,
    ("run_program", ""): b"started\n",
    ("write", "inside"): GREETING,
    ("write", os.devnull): b"",
    ("write_without_end", ""): "OSError: [Errno 27] File too large",
}
WITH_LANDLOCK: dict[tuple[str, str], bytes | str] = {
    ("write", "{world}/new"): f"{DENIED}: '{{world}}/new'",
    ("write", "{world}/old"): f"{DENIED}: '{{world}}/old'",
    ("remove", "{world}/old"): f"{DENIED}: '{{world}}/old'",
    ("rename_here", "{world}/old"): f"{DENIED}: '{{world}}/old' -> 'mine'",
    ("read", "{world}/old"): b"safe",
}


class Judged(NamedTuple):
    """What one host made of all deeds."""

    outcomes: dict[tuple[str, str], Outcome]
    left: list[str]
    survivors: list[int]


Judge = Callable[[str], Judged]


@pytest.fixture(scope="session")
def judge(report: Reporter, world: Path, listeners: dict[str, socket]) -> Judge:
    """Have a host do every deed, all in one child; once per session."""
    (world / "old").write_text("safe")
    (world / "old").chmod(0o666)
    ports = {name: listeners[name].getsockname()[1] for name in ("tcp", "udp")}

    @cache
    def judged(host: str) -> Judged:
        as_nobody, without = HOSTS[host]
        deeds = [*EVERYWHERE, *([] if "without_landlock" in without else WITH_LANDLOCK)]
        marker = f"dagserial-test-{uuid.uuid4().hex}"
        items = [Item(deed, argument.format(world=world, marker=marker, **ports)) for deed, argument in deeds]
        made = report(Job(Request(items, LIMITS), **without), as_nobody=as_nobody)
        assert not made.error
        outcomes, _ = outcomes_of(made.answer)
        return Judged(dict(zip(deeds, outcomes, strict=True)), made.left, processes_with(marker))

    return judged


def _expect(outcome: Outcome, expected: bytes | str) -> None:
    assert (outcome.answer if outcome.failure is None else outcome.failure) == expected
    assert (outcome.answer is None) != (outcome.failure is None)


def _named(value: object) -> str:
    return " ".join(value).strip() if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize("deed", EVERYWHERE, ids=_named)
@pytest.mark.parametrize("host", HOSTS)
def test_deed_comes_to_its_outcome(judge: Judge, host: str, deed: tuple[str, str]) -> None:
    _expect(judge(host).outcomes[deed], EVERYWHERE[deed])


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock, or does not let it be used")
@pytest.mark.parametrize("deed", WITH_LANDLOCK, ids=_named)
@pytest.mark.parametrize("host", [name for name in HOSTS if "no landlock" not in name])
def test_landlock_denies_writes_outside(judge: Judge, world: Path, host: str, deed: tuple[str, str]) -> None:
    expected = WITH_LANDLOCK[deed]
    _expect(judge(host).outcomes[deed], expected.format(world=world) if isinstance(expected, str) else expected)


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_outlives_the_child(judge: Judge, host: str) -> None:
    assert judge(host).survivors == []


@pytest.mark.parametrize("host", HOSTS)
def test_private_folder_is_removed(judge: Judge, host: str) -> None:
    assert judge(host).left == []


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_reaches_the_listeners(judge: Judge, host: str, listeners: dict[str, socket]) -> None:
    judge(host)
    for name in ("tcp", "unix"):
        with pytest.raises(BlockingIOError):
            listeners[name].accept()
    with pytest.raises(BlockingIOError):
        listeners["udp"].recv(100)


def _outcomes(items: list[Item], limits: Limits = PATIENT) -> tuple[list[Outcome], float]:
    return outcomes_of(
        run(sandbox_cases.__name__, msgspec.msgpack.encode(Request(items, limits)), limits=Limits(overall=60))
    )


def test_outcomes_are_in_the_order_of_items() -> None:
    items = [Item("nap", f"0.{9 - number}") for number in range(8)]
    outcomes, _ = _outcomes(items, Limits(timeout=5.0, jobs=8))
    assert [outcome.answer for outcome in outcomes] == [item.argument.encode() for item in items]


def test_no_items_have_no_outcomes() -> None:
    assert _outcomes([])[0] == []


def test_jobs_limit_what_is_at_work() -> None:
    items = [Item("nap", "0.2")] * 4
    _, alone = _outcomes(items, Limits(jobs=1))
    _, together = _outcomes(items, Limits(jobs=4))
    assert alone >= 0.8 > together


def test_many_small_items_are_fast() -> None:
    outcomes, seconds = _outcomes([Item("echo", str(number)) for number in range(70)])
    assert [outcome.answer for outcome in outcomes] == [str(number).encode() for number in range(70)]
    assert seconds < 1.5  # 0.1 s on an idle machine


def test_large_answer_arrives_whole() -> None:
    [outcome], _ = _outcomes([Item("answer_at_length", "30000000")])
    assert outcome.answer == b"x" * 30_000_000


@pytest.mark.parametrize("host", [name for name in HOSTS if "this user" in name])
@pytest.mark.parametrize("deed", ["leave_a_daemon", "leave_a_daemon_and_crash", "leave_a_daemon_and_sleep"])
def test_descendants_end_with_their_item(report: Reporter, host: str, deed: str, marker: str) -> None:
    request = Request([Item(deed, marker), Item("look_for", marker)], Limits(timeout=0.5, jobs=1))
    outcomes, _ = outcomes_of(report(Job(request, **HOSTS[host][1])).answer)
    assert outcomes[1] == Outcome(answer=b"[]")


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock, or does not let it be used")
@pytest.mark.parametrize("host", [name for name in HOSTS if "no landlock" not in name])
def test_item_cannot_read_the_hosts_environment(report: Reporter, host: str) -> None:
    as_nobody, without = HOSTS[host]
    made = report(Job(Request([Item("read", f"/proc/{HOST}/environ")]), **without), as_nobody=as_nobody)
    [outcome], _ = outcomes_of(made.answer)
    assert str(outcome.failure).startswith(DENIED)


@pytest.mark.skipif(landlock.version() < 6, reason="Landlock keeps signals in since version 6 of its interface")
@pytest.mark.parametrize("host", [name for name in HOSTS if "no landlock" not in name])
def test_item_cannot_kill_the_host(report: Reporter, host: str) -> None:
    as_nobody, without = HOSTS[host]
    made = report(Job(Request([Item("kill", HOST)]), **without), as_nobody=as_nobody)
    [outcome], _ = outcomes_of(made.answer)
    assert outcome.failure in (
        "PermissionError: [Errno 1] Operation not permitted",
        "ProcessLookupError: [Errno 3] No such process",
    )


@pytest.mark.parametrize("host", HOSTS)
def test_item_that_kills_its_parent_leaves_nothing(report: Reporter, host: str, marker: str) -> None:
    as_nobody, without = HOSTS[host]
    items = [Item("leave_a_daemon_and_sleep", marker), Item("await_and_kill_parent", marker)]
    made = report(Job(Request(items, Limits(timeout=1.0)), **without), as_nobody=as_nobody)
    assert made.error in ("", "the child interpreter was ended by signal 9 (SIGKILL)")
    assert processes_with(marker) == []


def test_item_inherits_no_open_file() -> None:
    [outcome], _ = _outcomes([Item("list_files")])
    assert outcome.answer is not None
    listed = json.loads(outcome.answer)
    assert listed[:3] == [0, 1, 2]
    assert len(listed) == 5  # the pipe for the answer, far up, and the listing itself
    assert max(listed) > 900


def test_item_has_no_privileges() -> None:
    [outcome], _ = _outcomes([Item("read", "/proc/self/status")])
    assert outcome.answer is not None
    status = dict(line.split(":\t", 1) for line in outcome.answer.decode().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) & ~(1 << 2) == 0  # reading alone
    assert status["CapPrm"] == status["CapEff"]


def test_item_has_its_bounds() -> None:
    [outcome], _ = _outcomes([Item("show_bounds")], Limits(timeout=2.5, memory_mib=100, answer_bytes=5000))
    assert outcome.answer is not None
    bounds = json.loads(outcome.answer)
    space = bounds.pop("AS")
    assert bounds == {"CORE": [0, 0], "CPU": [4, 4], "FSIZE": [5000, 5000], "NOFILE": [1024, 1024]}
    assert 100 << 20 < space[0] == space[1] < 1 << 30
