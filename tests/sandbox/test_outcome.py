"""That outcomes survive the way from one process to another, and that what is no outcome is refused."""

import os

import pytest

from dagserial.sandbox import Outcome, outcome, probe
from dagserial.sandbox.folder import private_folder

OUTCOMES = [Outcome(answer=b""), Outcome(answer=b"\x00\xff" * 1000), Outcome(failure="took longer than 30 s")]


@pytest.mark.parametrize("whole", OUTCOMES)
def test_frame_holds_its_outcome(whole: Outcome) -> None:
    frame = outcome.packed(whole)
    assert outcome.unpacked(frame) == whole
    assert outcome.unpacked(frame + b"and more") == whole


@pytest.mark.parametrize("whole", OUTCOMES)
def test_incomplete_frame_holds_nothing(whole: Outcome) -> None:
    frame = outcome.packed(whole)
    assert [outcome.unpacked(frame[:size]) for size in range(len(frame))] == [None] * len(frame)


def test_frame_of_another_kind_is_refused() -> None:
    assert outcome.unpacked(b"not a frame") == Outcome(failure="answered with bytes that are no frame")


def test_long_answer_is_refused_by_its_head() -> None:
    head = outcome.packed(Outcome(answer=b"12345"))[:9]
    assert outcome.unpacked(head, largest=5) is None
    assert outcome.unpacked(head, largest=4) == Outcome(
        failure="answered with 5 bytes, more than the 4 that are allowed"
    )


def test_long_failure_is_cut() -> None:
    cut = outcome.unpacked(outcome.packed(Outcome(failure="é" * 5000)))
    assert cut == Outcome(failure="é" * 2048)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"1234", Outcome(answer=b"1234")),
        (b"12345", Outcome(failure="answered with 5 bytes, more than the 4 that are allowed")),
        ("1", Outcome(failure="answered with str, not with bytes")),
        (None, Outcome(failure="answered with NoneType, not with bytes")),
    ],
)
def test_only_bytes_that_fit_are_an_answer(value: object, expected: Outcome) -> None:
    assert outcome.returned(value, 4) == expected


class Mute(Exception):
    def __str__(self) -> str:
        raise SystemExit


@pytest.mark.parametrize(
    ("error", "failure"),
    [(KeyError("a"), "KeyError: 'a'"), (KeyboardInterrupt(), "KeyboardInterrupt"), (Mute(), "Mute")],
)
def test_failure_names_class_and_message(error: BaseException, failure: str) -> None:
    assert outcome.failed(error) == Outcome(failure=failure)


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (0, "ended without an answer (exit status 0)"),
        (-9, "was ended by signal 9 (SIGKILL)"),
        (-40, "was ended by signal 40 (a real-time signal)"),
    ],
)
def test_death_is_told(code: int, failure: str) -> None:
    assert outcome.died(code) == Outcome(failure=failure)


def test_frame_is_written_whole() -> None:
    ours, theirs = os.pipe()
    with open(ours, "rb") as reading, open(theirs, "wb") as writing:
        outcome.send(writing.fileno(), b"all of it")
        writing.close()
        assert reading.read() == b"all of it"


def test_probe_finds_nothing_outside_the_sandbox(tmp_path: os.PathLike[str]) -> None:
    network = os.readlink("/proc/self/ns/net")
    assert b"namespace" not in probe.main(b'{"network": "%b", "outside": "%b"}' % (network.encode(), bytes(tmp_path)))
    assert list(os.scandir(tmp_path)) == []


def test_folder_with_deep_and_locked_ones_is_removed() -> None:
    home = os.open(".", os.O_RDONLY)
    with private_folder() as folder:
        try:
            os.chdir(folder)
            for _ in range(1100):
                os.mkdir("deep", mode=0o700)
                os.chdir("deep")
        finally:
            os.fchdir(home)
            os.close(home)
        os.chmod(folder, 0)
    assert not os.path.lexists(folder)


def test_folder_is_removed_when_its_user_fails() -> None:
    with pytest.raises(LookupError), private_folder() as folder:
        raise LookupError
    assert not os.path.lexists(folder)
