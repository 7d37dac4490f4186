"""Look at the files of a tree: those on disk here; a commit's, as `history` has them, in the same way."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Protocol

Kind = Literal["file", "folder"]


class Tree(Protocol):
    """The files of a tree. Paths are from its top, with `/`; names that are not UTF-8 hold surrogates (PEP 383)."""

    def kind(self, path: str) -> Kind | None:
        """Return what a path leads to; None if to nothing, to neither, or out of the tree."""

    def listing(self, folder: str) -> list[tuple[str, Kind | None, bool]]:
        """Return the names in a folder, sorted: what each leads to, as `kind` says it, and whether it is a link."""

    def content(self, path: str) -> bytes | None:
        """Return the content of the file that a path leads to; None if there is none, or it cannot be read."""

    def passes(self, path: str, test: Callable[[bytes], bool]) -> bool:
        """Tell whether there is a file that can be read, and its content passes a test; always the same test."""

    def real(self, path: str) -> str | None:
        """Return a path with all links followed, there or not; None if it leads out of the tree."""

    def tidy(self, path: str) -> str:
        """Return a path as one writes it from the top of the tree, links as they are."""


class OnDisk:
    """The files of a tree on disk.

    Args:
        root: its top, absolute.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._real = os.path.realpath(root)

    def kind(self, path: str) -> Kind | None:
        """Return what a path leads to."""
        try:
            mode = os.stat(self._on_disk(path)).st_mode
        except (OSError, ValueError):
            return None
        return _kind(mode) if self.real(path) is not None else None

    def listing(self, folder: str) -> list[tuple[str, Kind | None, bool]]:
        """Return the names in a folder."""
        found = []
        try:
            with os.scandir(self._on_disk(folder)) as entries:
                for entry in entries:
                    is_link = entry.is_symlink()
                    kind = self.kind(os.path.join(folder, entry.name)) if is_link else _kind(entry.stat().st_mode)
                    found.append((entry.name, kind, is_link))
        except OSError:
            return []
        return sorted(found)

    def content(self, path: str) -> bytes | None:
        """Return the content of the file that a path leads to."""
        if self.kind(path) != "file":
            return None
        try:
            return Path(self._on_disk(path)).read_bytes()
        except OSError:
            return None

    def passes(self, path: str, test: Callable[[bytes], bool]) -> bool:
        """Tell whether the content of a file passes a test."""
        return test(self.content(path) or b"")

    def real(self, path: str) -> str | None:
        """Return a path with all links followed."""
        real = os.path.realpath(self._on_disk(path))
        if real == self._real:
            return ""
        top = self._real.rstrip("/") + "/"
        return real.removeprefix(top) if real.startswith(top) else None

    def tidy(self, path: str) -> str:
        """Return a path as one writes it from the top of the tree."""
        return os.path.relpath(self._on_disk(path), self._root).replace(os.sep, "/")

    def _on_disk(self, path: str) -> str:
        return os.path.join(self._root, path)


def _kind(mode: int) -> Kind | None:
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else None
