"""Find DAG files in a commit as on disk (a `Tree` of `sources`)."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable

from dagserial.history.node import Contents, Node
from dagserial.history.path import followed
from dagserial.history.tree import LARGEST
from dagserial.sources.tree import Kind


class AtRef:
    """The files of a tree as Git has them.

    Args:
        passed: whether the content of each blob passes the test, as far as that is known from other trees.
    """

    def __init__(self, contents: Contents, passed: dict[bytes, bool]) -> None:
        self._contents = contents
        self._passed = passed

    def kind(self, path: str) -> Kind | None:
        """Return what a path leads to."""
        return _kind(self._followed(path)[1])

    def listing(self, folder: str) -> list[tuple[str, Kind | None, bool]]:
        """Return the names in a folder."""
        where, node = self._followed(folder)
        if where is None or node is None or not node.is_folder:
            return []
        found = []
        for name, child in self._contents.children(where, node):
            text = os.fsdecode(name)
            kind = self.kind(posixpath.join(folder, text)) if child.is_link else _kind(child)
            found.append((text, kind, child.is_link))
        return found

    def content(self, path: str) -> bytes | None:
        """Return the content of the file that a path leads to."""
        where, node = self._followed(path)
        return None if where is None or node is None else self._content(where, node)

    def passes(self, path: str, test: Callable[[bytes], bool]) -> bool:
        """Tell whether the content of a file passes a test; each content is read once."""
        where, node = self._followed(path)
        if where is None or node is None:
            return False
        if node.id not in self._passed:
            self._passed[node.id] = test(self._content(where, node) or b"")
        return self._passed[node.id]

    def real(self, path: str) -> str | None:
        """Return a path with all links followed."""
        where = self._followed(path)[0]
        return None if where is None else os.fsdecode(where)

    def tidy(self, path: str) -> str:
        """Return a path as one writes it from the top of the tree."""
        return posixpath.normpath(path)

    def _content(self, where: bytes, node: Node) -> bytes | None:
        if not node.is_file:
            return None
        (size,) = self._contents.sizes([node])
        return self._contents.content(where, node) if (size or 0) <= LARGEST else None

    def _followed(self, path: str) -> tuple[bytes | None, Node | None]:
        return followed(self._contents, os.fsencode(path))


def _kind(node: Node | None) -> Kind | None:
    if node is None:
        return None
    return "file" if node.is_file else "folder" if node.is_folder else None
