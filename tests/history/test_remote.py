"""DAG files run by other processes, through any executor: the same bytes as here."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from pathlib import Path

import msgspec
import pytest

from dagserial.errors import SandboxError, SettingsError
from dagserial.history import History, Snapshot
from dagserial.history.remote import Answer
from dagserial.sources.reading import ReadOptions

from .fast_import import imported

DAG_FILE = b"""\
import yaml
from airflow import DAG
from airflow.operators.bash import BashOperator
from shared.words import WORD

with DAG("%(name)s", description=yaml.safe_load(open("dags/%(name)s.yaml"))):
    BashOperator(task_id="say", bash_command=WORD)
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository of eight commits; each changes a DAG file, what it reads, or what it imports."""
    files: dict[str, bytes] = {}
    trees = []
    for step in range(8):
        name = b"abc"[step % 3 : step % 3 + 1]
        files |= {
            f"dags/{name.decode()}.py": DAG_FILE % {b"name": name},
            "dags/shared/words.py": b"WORD = %d // 3" % step,
        }
        files |= {f"dags/{one}.yaml": b"text %d" % (step // 2) for one in "abc"}
        files["dags/bad.py"] = b"# airflow dag\n1 / %d\n" % (step % 2)
        trees.append(dict(files))
    imported(tmp_path / "repo", trees)
    return tmp_path / "repo"


def everything(history: History) -> list[Snapshot]:
    return [history.at(commit.id) for commit in history.commits("main")]


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("bundled", [False, True])
def test_another_process_gives_the_same_bytes(repo: Path, processes: Executor, bundled: bool) -> None:
    with History(repo) as here, History(repo, executor=processes, bundled=bundled) as there:
        assert everything(there) == everything(here)
        assert list(there.log()) == list(here.log())


def test_a_unit_of_work_holds_several_trees(tmp_path: Path) -> None:
    texts = (b"from airflow import DAG\ndag = DAG('etl', description='%d')\n" % step for step in range(8))
    imported(tmp_path / "repo", [{"dags/etl.py": text} for text in texts])
    executor = _Here()
    with History(tmp_path / "repo", executor=executor) as history:
        assert [event.operation for event in history.log()] == [*["changed"] * 7, "added"]
    assert executor.units == 1


def test_an_error_there_is_an_error_here(repo: Path, processes: Executor) -> None:
    with History(repo, executor=processes) as history, pytest.raises(SettingsError, match=r"^--python /nowhere"):
        history.at("main", ReadOptions(python="/nowhere/python"))


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda answer: answer[:-1], "damaged on its way"),
        (lambda answer: answer[:40] + bytes([answer[40] ^ 1]) + answer[41:], "damaged on its way"),
        (lambda answer: b"", "damaged on its way"),
    ],
)
def test_a_damaged_answer_is_refused(repo: Path, spoil: Callable[[bytes], bytes], error: str) -> None:
    with History(repo, executor=_Here(spoil)) as history, pytest.raises(SandboxError, match=error):
        history.at("main")


def test_a_worker_of_another_version_is_refused(repo: Path) -> None:
    def elsewhere(answer: bytes) -> bytes:
        found = msgspec.msgpack.decode(answer[32:], type=Answer)
        spoilt = msgspec.msgpack.encode(msgspec.structs.replace(found, parser="dagserial 9 on Python 4.0.0, beos"))
        return hashlib.sha256(spoilt).digest() + spoilt

    message = r"^a worker has dagserial 9 on Python 4.0.0, beos, and this is dagserial \S+ on Python 3\."
    with History(repo, executor=_Here(elsewhere)) as history, pytest.raises(SandboxError, match=message):
        history.at("main")


class _Here(Executor):
    """An executor that does everything at once; its answers may be spoilt."""

    def __init__(self, spoil: Callable[[bytes], bytes] = bytes) -> None:
        self.units = 0
        self._spoil = spoil

    def submit(self, work: Callable[..., bytes], /, *args: object, **_: object) -> Future[bytes]:
        self.units += 1
        done: Future[bytes] = Future()
        done.set_result(self._spoil(work(*args)))
        return done
