"""Tell what differs between trees, through a `git diff-tree` that stays open."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from dagserial.history.process import GitProcess
from dagserial.history.repository import Repository

FOLDER, EXECUTABLE, LINK, SUBMODULE, GONE = "040000", "100755", "120000", "160000", "000000"
"""Modes of what is in a tree (git-diff-tree(1))."""

_AHEAD = 25
"""Requests that may be unanswered; as bytes they fit into the smallest pipe, 4096, with the mark behind them."""

_NO_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
"""Git knows the tree without files by its id, whether or not it is stored."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """A path that holds something else in the newer tree; of a folder that changed, the folder itself too.

    Attributes:
        path: from the top; a name that is not UTF-8 holds surrogates (PEP 383).
        mode: in octal, such as `100644`, `040000` for a folder; `000000` if nothing is there any more.
        id: 40 or 64 hex; zeros if nothing is there any more.
        was: the mode that was there.
    """

    path: str
    mode: str
    id: str
    was: str

    @property
    def is_there(self) -> bool:
        """Tell whether the newer tree has it."""
        return self.mode != GONE

    @property
    def holds_bytes(self) -> bool:
        """Tell whether the newer tree has a file or a link there."""
        return self.mode not in (GONE, FOLDER, SUBMODULE)


class Differences(GitProcess):
    """A running `git diff-tree`: pairs of trees go in, changes come out. For one thread at a time."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository, "diff-tree", "--stdin", "-r", "-t", "-z", "--no-renames", "--no-abbrev")
        self._mark = b"--" + secrets.token_hex(8).encode()

    def between(self, old: str | None, new: str) -> list[Change]:
        """Return what changes from one tree to another, by path.

        Args:
            old: id of a tree; None for one without files.

        Raises:
            RepositoryError: a tree cannot be read.
        """
        (found,) = self.along([old, new])
        return found

    def along(self, trees: Sequence[str | None]) -> Iterator[list[Change]]:
        """Iterate over what changes from each tree to the next one; the iterator is read to its end.

        Raises:
            RepositoryError: a tree cannot be read.
        """
        steps = list(pairwise(trees))
        for at in range(0, len(steps), _AHEAD):
            some = steps[at : at + _AHEAD]
            self.ask(line for old, new in some for line in (self._pair(old, str(new)), self._mark))
            for _ in some:
                yield self._answer()

    def _pair(self, old: str | None, new: str) -> bytes:
        return f"{old or _NO_TREE[len(new)]} {new}".encode()

    def _answer(self) -> list[Change]:
        end = self._mark + b"\n"
        found = bytearray()
        # Git echoes a line that names no object, and so it says that it is done.
        while not found.endswith(end):
            piece = self.answers.readline()
            if not piece:
                raise self.ended()
            found += piece
        return _changes(bytes(found[: -len(end)]))


def _changes(answer: bytes) -> list[Change]:
    """Take an answer apart: the line that was asked, then `:mode mode id id status NUL path NUL` (git-diff-tree(1))."""
    parts = answer[answer.find(b"\n") + 1 :].split(b"\0")
    found: dict[str, Change] = {}
    for about, path in zip(parts[::2], parts[1::2], strict=False):
        change = _change(about, path)
        found[change.path] = _joined(found[change.path], change) if change.path in found else change
    return list(found.values())


def _change(about: bytes, path: bytes) -> Change:
    was, mode, _, id_, _ = about.decode().removeprefix(":").split(" ")
    return Change(os.fsdecode(path), mode, id_, was)


def _joined(one: Change, other: Change) -> Change:
    """Join what git tells apart: a file came where a folder went, or the other way round."""
    there, gone = (one, other) if one.is_there else (other, one)
    return msgspec.structs.replace(there, was=gone.was)
