"""Describe what stands at a path of a tree."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from typing import Protocol

import msgspec


class Node(msgspec.Struct, frozen=True, gc=False):
    """What stands at a path: a file, a folder, a link or a submodule.

    Attributes:
        mode: as of `os.lstat`; a submodule is a folder.
        id: what Git calls the content, 40 or 64 hex; empty for what lies in the work tree.
        size: in bytes, if it is known without asking.
    """

    mode: int
    id: bytes = b""
    size: int | None = None
    is_submodule: bool = False

    @classmethod
    def of_git(cls, mode: bytes, id_: bytes) -> Node:
        """Return the node of an entry of a tree; modes that Git does not write count as Git reads them."""
        bits = int(mode, 8)
        if stat.S_ISREG(bits):
            return cls(stat.S_IFREG | (0o755 if bits & 0o100 else 0o644), id_)
        if stat.S_ISLNK(bits):
            return cls(stat.S_IFLNK | 0o777, id_)
        return cls(stat.S_IFDIR | 0o755, id_, 0, is_submodule=not stat.S_ISDIR(bits))

    @property
    def is_file(self) -> bool:
        """Tell whether it is a file, not a link to one."""
        return stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder, not a link to one; a submodule is one without files."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Tell whether it is a link."""
        return stat.S_ISLNK(self.mode)


class Contents(Protocol):
    """The files of a tree. Paths are from its top, without links in them; the top is the empty path."""

    def node(self, path: bytes) -> Node | None:
        """Return what stands at a path; None if nothing does."""

    def children(self, path: bytes, node: Node) -> Iterable[tuple[bytes, Node]]:
        """Return the names in a folder, sorted; none in a submodule."""

    def content(self, path: bytes, node: Node) -> bytes:
        """Return the bytes of a file, or where a link leads."""

    def sizes(self, nodes: Iterable[Node]) -> list[int | None]:
        """Return the sizes of nodes in bytes, in their order; None where the content is not there."""
