"""Tell whether what the run of a DAG file looked at is the same in another tree."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from typing import Protocol

import msgspec

from dagserial.sources.outside import state
from dagserial.sources.reading import Reads


class Place(msgspec.Struct, frozen=True, gc=False):
    """What stands at a path.

    Attributes:
        kind: `file`, `folder`, `link`, or nothing if nothing is there.
        content: stands for a file's bytes and whether it is executable; of a link, where it leads.
    """

    kind: str = ""
    content: str = ""


NOTHING = Place()


class View(Protocol):
    """A tree as DAG files find it when they run; paths are from its top, the top is the empty path."""

    @property
    def whole(self) -> str | None:
        """What stands for all of the tree; None if nothing can."""

    @property
    def root(self) -> str:
        """Where the tree lies, or might lie, on disk; absolute."""

    def place(self, path: str) -> Place:
        """Return what stands at a path, a link as such."""

    def names(self, folder: str, stem: str | None = None) -> list[str]:
        """Return the names in a folder, sorted; only those up to whose first dot, if any, `stem` stands."""


def nowhere() -> str:
    """Return where a tree that is not on disk might lie: in the folder for temporary files."""
    return f"{tempfile.gettempdir()}/tree"


def fingerprint(reads: Reads | None, view: View) -> bytes | None:
    """Return 32 bytes that are the same for two trees if a run finds the same in both; None if nothing can tell.

    Args:
        reads: what of the tree the run looked at; None if that may be all of it.
    """
    if reads is None:
        return _digest(view.whole) if view.whole else None
    return _digest((msgspec.msgpack.encode(reads), *_answers(reads, view)))


def _answers(reads: Reads, view: View) -> Iterator[object]:
    for path in reads.contents:
        found = view.place(path)
        yield (found.kind, found.content) if found.kind else _around(path, view)
    for folder in reads.names:
        yield view.place(folder).kind, view.names(folder)
    for folder in reads.entries:
        yield view.place(folder).kind
        yield [(name, view.place(inside(folder, name)).kind) for name in view.names(folder)]
    for path in reads.modules:
        folder, _, stem = path.rpartition("/")
        yield [(name, view.place(inside(folder, name)).kind) for name in view.names(folder, stem)]
        yield view.names(path, "__init__") if view.place(path).kind == "folder" else []
    for name in reads.outside:
        yield state(name, view.root)


def _around(path: str, view: View) -> str:
    """Return what stands nearest above a path where nothing is: to look below a file fails in another way."""
    while path:
        path = path.rpartition("/")[0]
        if kind := view.place(path).kind:
            return kind
    return "folder"


def inside(folder: str, name: str) -> str:
    """Return the path of what a folder holds by a name; the top of the tree is the empty path."""
    return f"{folder}/{name}" if folder else name


def _digest(answers: object) -> bytes:
    return hashlib.sha256(repr(answers).encode()).digest()
