"""Run DAG files of one tree after another, where a private folder and a sandbox stay open."""

from __future__ import annotations

import functools
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import Empty, SimpleQueue
from typing import Self

import msgspec

from dagserial.history.objects import Objects
from dagserial.history.repository import Repository
from dagserial.history.result import Ran, Result
from dagserial.history.tree import PrivateTree
from dagserial.sandbox import protections
from dagserial.sources.files import Runs
from dagserial.sources.reading import FileError, ReadOptions


class Work(msgspec.Struct, frozen=True):
    """DAG files to run.

    Attributes:
        tree: id of the tree that they lie in.
        folders: its DAG folders.
        files: DAG files, from the top of the tree.
    """

    tree: str
    folders: list[str]
    files: list[str]
    options: ReadOptions


class Bench:
    """Where DAG files are run. For one thread; a context manager; whoever opens it closes it."""

    def __init__(self, repository: Repository, objects: Objects) -> None:
        with ExitStack() as stack:
            self._tree = stack.enter_context(PrivateTree(repository, objects))
            self._runs = stack.enter_context(Runs())
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def end(self) -> None:
        """End what runs, in whatever thread; to be closed all the same."""
        self._runs.end()

    def run(self, work: Work) -> list[Ran]:
        """Return what each file gives, in their order.

        Raises:
            SettingsError: an option is of no use.
            RepositoryError: the files of the tree cannot be read or written.
            SandboxError: the DAG files could not be run at all.
        """
        tree = self._tree.moved(work.tree)
        results = self._runs.results(tree.root, work.folders, work.files, work.options)
        if not _cannot_write():
            self._tree.forget()
        return [
            _unless_hollow(Ran.of(result), file, tree.hollow) for file, result in zip(work.files, results, strict=True)
        ]


class Benches:
    """Benches for as many threads as there are; each is made when it is first needed.

    A context manager; whoever opens it closes it, and what still runs ends.
    """

    def __init__(self, repository: Repository, objects: Objects, most: int) -> None:
        self.most = most
        self.together = 1
        self._make = functools.partial(Bench, repository, objects)
        self._threads = ThreadPoolExecutor(most, "dagserial-bench")
        self._idle: SimpleQueue[Bench] = SimpleQueue()
        self._all: list[Bench] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for bench in self._all:
            bench.end()
        self._threads.shutdown()
        for bench in self._all:
            bench.__exit__()

    def start(self, works: list[Work]) -> Future[list[list[Ran]]]:
        """Have DAG files run, one work after the other, as soon as a bench is free."""
        return self._threads.submit(self._run, works)

    def _run(self, works: list[Work]) -> list[list[Ran]]:
        try:
            bench = self._idle.get_nowait()
        except Empty:
            bench = self._make()
            self._all.append(bench)
        try:
            return [bench.run(work) for work in works]
        finally:
            self._idle.put(bench)


def _unless_hollow(ran: Ran, file: str, hollow: frozenset[str]) -> Ran:
    """Return a run, but an error in its place if what it looked at is not there, as in a partial clone."""
    seen = hollow.intersection(ran.reads.contents) if ran.reads else hollow
    if not seen or (not ran.reads and ran.result.errors):
        return ran
    looks = "looks" if ran.reads else "may look"
    error = f"{looks} at {min(seen)}, which this partial clone lacks; `git fetch --refetch --no-filter` brings it"
    return Ran(Result((), (FileError(file, None, error),)), ran.reads, repeatable=False)


@functools.cache
def _cannot_write() -> bool:
    """Tell whether the machine keeps DAG files from changing the tree that they lie in."""
    return "landlock" in protections()
