"""Read Git's objects by id, through `git cat-file` processes that stay open."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Self

import msgspec

from dagserial.errors import RepositoryError
from dagserial.history.batch import Batch, Header
from dagserial.history.repository import Repository
from dagserial.recent import Recent

FOLDER = b"40000"
"""The mode of a folder, as Git stores it."""

_ANY = b"object"

_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")

_AHEAD = 60
"""Requests that may be unanswered. As bytes they fit into the smallest pipe, 4096, so that writing them never waits."""

_MOST_IDLE = 4
"""Processes that wait for the next request; one is enough for one thread."""

_MOST_BLOB_BYTES = 16 * 1024 * 1024
_MOST_ENTRIES = 400_000
"""What is remembered of blobs, in bytes, and of trees, in names."""


class TreeEntry(msgspec.Struct, frozen=True, gc=False):
    """A name in a tree.

    Attributes:
        mode: in octal as Git stores it, such as `100644`, `40000` for a folder.
        id: 40 or 64 hex.
    """

    name: bytes
    mode: bytes
    id: bytes


class Objects:
    """The objects of a repository, by id.

    Threads may share it, and a fork may go on with it. A context manager; whoever opens it closes it. Processes that
    are left behind end by themselves when their pipes close, also if this one is killed.

    Args:
        repository: stays the caller's to close.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._contents = _Idle(lambda: Batch(repository, "--batch"))
        self._headers = _Idle(lambda: Batch(repository, "--batch-check"))
        self._blobs: Recent[bytes, bytes] = Recent(_MOST_BLOB_BYTES)
        self._trees: Recent[bytes, tuple[TreeEntry, ...]] = Recent(_MOST_ENTRIES)
        self._names: Recent[bytes, dict[bytes, TreeEntry]] = Recent(_MOST_ENTRIES)
        self._roots: Recent[bytes, bytes] = Recent(_MOST_ENTRIES)
        self._absent: set[bytes] = set()
        self._looked_through: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, those in use when they are done. What is asked for later costs a process each time."""
        self._contents.close()
        self._headers.close()

    def blob(self, id_: bytes) -> bytes:
        """Return the content of a blob; small ones are remembered.

        Raises:
            RepositoryError: it cannot be read.
        """
        found = self._blobs.get(id_)
        if found is None:
            _, found = self._content(id_, b"", b"blob")
            self._blobs.put(id_, found, len(found))
        return found

    def blobs(self, ids: Iterable[bytes]) -> Generator[tuple[bytes, bytes], None, None]:
        """Iterate over blobs by id, in the order asked for; close the iterator if it is left early.

        One blob is held at a time, whatever their number. Meanwhile, other requests are answered.

        Raises:
            RepositoryError: one of them cannot be read.
        """
        with self._contents.lent() as batch:
            for header in self._answers(batch, ids):
                self._expect(header, b"blob")
                yield header.name, batch.content(header.size)

    def sizes(self, ids: Iterable[bytes]) -> dict[bytes, int]:
        """Return the size of each object in bytes; none of them is loaded.

        Raises:
            RepositoryError: one of them is not there.
        """
        with self._headers.lent() as batch:
            found = {}
            for header in self._answers(batch, ids):
                self._expect(header, _ANY)
                found[header.name] = header.size
            return found

    def absent(self, trees: Iterable[str]) -> frozenset[bytes]:
        """Return the ids of objects that are not there, all those in some trees among them; none but in partial clones.

        Raises:
            RepositoryError: git cannot tell.
        """
        if not self._repository.is_partial:
            return frozenset()
        with self._lock:
            if unknown := [tree for tree in trees if tree not in self._looked_through]:
                self._absent.update(self._repository.absent(unknown))
                self._looked_through.update(unknown)
            return frozenset(self._absent)

    def tree(self, commit: str) -> str:
        """Return the id of the tree at the top of a commit.

        Raises:
            RepositoryError: it cannot be read.
        """
        name = commit.encode()
        _check(name)
        with self._headers.lent() as batch:
            batch.ask([name + b"^{tree}"])
            header = batch.header()
            self._expect(header, b"tree")
            return header.name.decode()

    def entries(self, tree: bytes) -> tuple[TreeEntry, ...]:
        """Return the names in a tree, in Git's order, without those in the trees below it; recent ones are remembered.

        Args:
            tree: id of a tree, or of a commit or tag for the tree at its top.

        Raises:
            RepositoryError: it cannot be read.
        """
        found = self._trees.get(self._roots.get(tree) or tree)
        if found is not None:
            return found
        id_, content = self._content(tree, b"^{tree}", b"tree")
        found = tuple(_entries(content, len(id_) // 2))
        self._trees.put(id_, found, len(found) + 1)
        if id_ != tree:
            self._roots.put(tree, id_, 1)
        return found

    def names(self, tree: bytes) -> dict[bytes, TreeEntry]:
        """Return what `entries` does, by name; of a name that is there twice, the first counts. Not to be changed.

        Raises:
            RepositoryError: as for `entries`.
        """
        found = self._names.get(tree)
        if found is None:
            entries = self.entries(tree)
            found = {entry.name: entry for entry in reversed(entries)}
            self._names.put(tree, found, len(found) + 1)
        return found

    def _content(self, id_: bytes, path: bytes, kind: bytes) -> tuple[bytes, bytes]:
        """Return id and content of one object, found along a path of gitrevisions(7)."""
        _check(id_)
        with self._contents.lent() as batch:
            batch.ask([id_ + path])
            header = batch.header()
            self._expect(header, kind)
            return header.name, batch.content(header.size)

    def _answers(self, batch: Batch, ids: Iterable[bytes]) -> Iterator[Header]:
        """Ask for objects some ahead of the answers, so that git never waits; the caller takes the contents."""
        coming = iter(ids)
        unanswered = 0
        while True:
            if unanswered <= _AHEAD // 2 and (wanted := list(islice(coming, _AHEAD // 2))):
                for id_ in wanted:
                    _check(id_)
                batch.ask(wanted)
                unanswered += len(wanted)
            if not unanswered:
                return
            yield batch.header()
            unanswered -= 1

    def _expect(self, header: Header, kind: bytes) -> None:
        if header.kind == b"missing":
            raise self._repository.lacks(f"{kind.decode()} {header.name.removesuffix(b'^{tree}').decode()}")
        if kind not in (header.kind, _ANY):
            raise RepositoryError(
                f"object {header.name.decode()} in {self._repository} is a {header.kind.decode()}, no {kind.decode()}"
            )


class _Idle:
    """Processes of one kind that wait for requests."""

    def __init__(self, start: Callable[[], Batch]) -> None:
        self._start = start
        self._idle: list[Batch] = []
        self._lock = threading.Lock()
        self._most = _MOST_IDLE

    @contextmanager
    def lent(self) -> Iterator[Batch]:
        """Lend a process to one caller; it is ended if the caller fails or leaves answers unread."""
        batch = self._taken()
        try:
            yield batch
        except BaseException:
            batch.close()
            raise
        with self._lock:
            kept = len(self._idle) < self._most
            if kept:
                self._idle.append(batch)
        if not kept:
            batch.close()

    def close(self) -> None:
        """End those that wait, and keep none from now on."""
        with self._lock:
            ended, self._idle, self._most = self._idle, [], 0
        for batch in ended:
            batch.close()

    def _taken(self) -> Batch:
        while True:
            with self._lock:
                batch = self._idle.pop() if self._idle else None
            if batch is None:
                return self._start()
            if batch.is_usable():
                return batch
            batch.close()


def _check(id_: bytes) -> None:
    """Refuse what git would take for more than one request, or for another way to name an object."""
    if not _ID.fullmatch(id_):
        raise RepositoryError(f"{id_!r} is no id of a Git object")


def _entries(content: bytes, width: int) -> Iterator[TreeEntry]:
    """Take a tree apart: `mode name NUL id`, the id as bytes."""
    at = 0
    while at < len(content):
        space = content.index(b" ", at)
        nul = content.index(b"\0", space)
        end = nul + 1 + width
        yield TreeEntry(content[space + 1 : nul], content[at:space], content[nul + 1 : end].hex().encode())
        at = end
