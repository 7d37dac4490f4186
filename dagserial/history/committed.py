"""Look into the tree of a commit."""

from __future__ import annotations

from collections.abc import Iterable

from dagserial.errors import RepositoryError
from dagserial.history.inside import is_unsafe
from dagserial.history.node import Node
from dagserial.history.objects import FOLDER, Objects


class Committed:
    """The files of a commit, as Git stores them. Each folder is read when it is looked into.

    Names that are unsafe on disk are not there.
    """

    def __init__(self, objects: Objects, commit: str) -> None:
        self._objects = objects
        self._top = Node.of_git(FOLDER, commit.encode())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Committed) and (self._objects, self._top) == (other._objects, other._top)

    def __hash__(self) -> int:
        return hash((self._objects, self._top))

    def node(self, path: bytes) -> Node | None:
        """Return what stands at a path; None if nothing does.

        Raises:
            RepositoryError: a folder cannot be read.
        """
        node = self._top
        for name in path.split(b"/") if path else ():
            if not node.is_folder or node.is_submodule or is_unsafe(name):
                return None
            entry = self._objects.names(node.id).get(name)
            if entry is None:
                return None
            node = Node.of_git(entry.mode, entry.id)
        return node

    def children(self, _: bytes, node: Node) -> list[tuple[bytes, Node]]:
        """Return the names in a folder, sorted; none in a submodule.

        Raises:
            RepositoryError: the folder cannot be read.
        """
        if node.is_submodule:
            return []
        entries = self._objects.names(node.id).values()
        safe = (entry for entry in entries if not is_unsafe(entry.name))
        return sorted((entry.name, Node.of_git(entry.mode, entry.id)) for entry in safe)

    def content(self, _: bytes, node: Node) -> bytes:
        """Return the bytes of a file, or where a link leads.

        Raises:
            RepositoryError: they cannot be read.
        """
        return self._objects.blob(node.id)

    def sizes(self, nodes: Iterable[Node]) -> list[int | None]:
        """Return the sizes of nodes in bytes, in their order; all None if contents are not there, as in partial clones.

        No content is loaded.
        """
        asked = list(nodes)
        try:
            known = self._objects.sizes({node.id for node in asked if node.size is None})
        except RepositoryError:
            return [node.size for node in asked]
        return [known[node.id] if node.size is None else node.size for node in asked]
