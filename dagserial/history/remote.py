"""Run DAG files through any executor: in other processes, or on other machines."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import msgspec

from dagserial.errors import RepositoryError, SandboxError
from dagserial.history.bench import Bench, Work
from dagserial.history.objects import Objects
from dagserial.history.repository import Repository, reason
from dagserial.history.result import Kept, Ran
from dagserial.record import Record
from dagserial.sandbox.folder import private_folder

TOGETHER = 64
"""DAG files that are run by one unit of work, which starts a sandbox of its own (0.5 s)."""


class Source(msgspec.Struct, frozen=True):
    """Where a worker finds the repository: at a path, or in what Git put into a bundle (git-bundle(1)).

    Attributes:
        path: a folder that the worker has too; not used where there is a bundle.
    """

    path: str = ""
    bundle: bytes = b""

    @classmethod
    def bundled(cls, repository: Repository) -> Source:
        """Return a repository in a bundle, with all that its refs lead to.

        Raises:
            RepositoryError: git cannot make one.
        """
        status, output, diagnostics = repository.run("bundle", "create", "--quiet", "-", "--all", "HEAD")
        if status:
            raise RepositoryError(f"git cannot bundle {repository}: {reason(diagnostics)}")
        return cls(bundle=output)

    @contextmanager
    def opened(self) -> Iterator[Repository]:
        """Lend the repository.

        Raises:
            RepositoryError: it is not there, or the bundle cannot be read.
        """
        if not self.bundle:
            with Repository(self.path) as repository:
                yield repository
            return
        with private_folder() as folder:
            (Path(folder) / "bundle").write_bytes(self.bundle)
            for command in (["init", "--quiet", "--bare", "."], ["bundle", "unbundle", "bundle"]):
                _git(folder, command)
            with Repository(folder) as repository:
                yield repository


class Answer(msgspec.Struct, frozen=True):
    """What a worker sends back.

    Attributes:
        parser: what ran the DAG files, as `parser` says it.
        digests: of the records in the runs, in their order.
    """

    parser: str
    runs: list[list[Ran]]
    digests: list[str]


class Workers:
    """Benches elsewhere.

    Args:
        most: units of work that are under way at the same time.
    """

    def __init__(self, executor: Executor, source: Source, most: int) -> None:
        self._executor = executor
        self._source = source
        self.most = most
        self.together = TOGETHER

    def start(self, works: list[Work]) -> Future[list[list[Ran]]]:
        """Have DAG files run wherever the executor has them run; what comes back is checked."""
        sent = self._executor.submit(run_works, self._source, msgspec.msgpack.encode(works))
        found: Future[list[list[Ran]]] = Future()
        sent.add_done_callback(lambda done: _pass_on(done, found))
        return found


def run_works(source: Source, body: bytes) -> bytes:
    """Run DAG files on this machine; the answer begins with its own SHA-256.

    Args:
        body: a list of `Work`, as msgpack.

    Raises:
        SettingsError, RepositoryError, SandboxError: as a run does.
    """
    works = msgspec.msgpack.decode(body, type=list[Work])
    with source.opened() as repository, Objects(repository) as objects, Bench(repository, objects) as bench:
        runs = [bench.run(work) for work in works]
    answer = msgspec.msgpack.encode(Answer(parser(), runs, [str(kept.digest) for kept in _kept(runs)]))
    return hashlib.sha256(answer).digest() + answer


def checked(answer: bytes) -> list[list[Ran]]:
    """Return the runs that a worker sends, if they are as it sent them and hold the records that it says.

    Raises:
        SandboxError: the answer was damaged on the way, or the worker is of another version.
        RecordError: a record is none, or another one.
    """
    if hashlib.sha256(answer[32:]).digest() != answer[:32]:
        raise SandboxError("a worker's answer was damaged on its way; run the command again")
    found = msgspec.msgpack.decode(answer[32:], type=Answer)
    if found.parser != parser():
        raise SandboxError(f"a worker has {found.parser}, and this is {parser()}; install the same there")
    for kept, digest in zip(_kept(found.runs), found.digests, strict=True):
        Record.of(kept.body, expected=digest)
    return found.runs


def parser() -> str:
    """Say what runs DAG files here: other versions may give other records."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"dagserial {version('dagserial')} on Python {python}, {sys.platform}"


def _kept(runs: list[list[Ran]]) -> list[Kept]:
    return [kept for some in runs for ran in some for kept in ran.result.kept]


def _pass_on(done: Future[bytes], found: Future[list[list[Ran]]]) -> None:
    try:
        found.set_result(checked(done.result()))
    except BaseException as error:
        found.set_exception(error)


def _git(folder: str, arguments: list[str]) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, capture_output=True, check=False)
    if done.returncode:
        raise RepositoryError(f"git cannot read a bundle: {reason(done.stderr.decode(errors='replace'))}")
