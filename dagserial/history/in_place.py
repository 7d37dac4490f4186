"""Look into the work tree, as far as Git sees it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from dagserial.errors import PathNotFoundError, RepositoryError
from dagserial.history.inside import is_unsafe
from dagserial.history.node import Node
from dagserial.history.repository import Repository

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a named pipe would wait for its other end.
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


class InPlace:
    """The files of the work tree that Git tracks or would add. Git is asked once which they are; they are read anew.

    Another repository in it is an empty folder, like a submodule.
    """

    def __init__(self, repository: Repository, root: Path) -> None:
        self._repository = repository
        self._root = os.fsencode(root)

    @cached_property
    def _folders(self) -> dict[bytes, set[bytes]]:
        """The names in each folder."""
        found: dict[bytes, set[bytes]] = {b"": set()}
        for path in self._repository.files_in_place():
            below = path.rstrip(b"/")
            while below:
                folder, _, name = below.rpartition(b"/")
                known = folder in found
                found.setdefault(folder, set()).add(name)
                if known:
                    break
                below = folder
        return found

    def node(self, path: bytes) -> Node | None:
        """Return what stands at a path; None if nothing does that Git sees."""
        node, at = Node(stat.S_IFDIR | 0o755, size=0), b""
        for name in path.split(b"/") if path else ():
            if not node.is_folder or is_unsafe(name) or name not in self._folders.get(at, ()):
                return None
            at = at + b"/" + name if at else name
            found = self._look(at)
            if found is None:
                return None
            node = found
        return node

    def children(self, path: bytes, _: Node) -> list[tuple[bytes, Node]]:
        """Return the names in a folder, sorted; none in a submodule."""
        names = sorted(name for name in self._folders.get(path, ()) if not is_unsafe(name))
        nodes = ((name, self._look(path + b"/" + name if path else name)) for name in names)
        return [(name, node) for name, node in nodes if node]

    def content(self, path: bytes, node: Node) -> bytes:
        """Return the bytes of a file, or where a link leads. No link is followed, even if one has just come there.

        Raises:
            PathNotFoundError: it is gone, or something else by now.
            RepositoryError: it cannot be read.
        """
        try:
            return os.readlink(os.path.join(self._root, path)) if node.is_link else self._read(path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EINVAL):
                raise PathNotFoundError(f"{os.fsdecode(path)!r} is gone from the work tree") from error
            raise RepositoryError(f"{os.fsdecode(path)!r} cannot be read: {error.strerror}") from error

    def sizes(self, nodes: Iterable[Node]) -> list[int | None]:
        """Return the sizes of nodes in bytes, in their order."""
        return [node.size for node in nodes]

    def _look(self, path: bytes) -> Node | None:
        try:
            found = os.lstat(os.path.join(self._root, path))
        except OSError:
            return None
        if stat.S_ISDIR(found.st_mode):
            return Node(stat.S_IFDIR | 0o755, size=0, is_submodule=path not in self._folders)
        if stat.S_ISLNK(found.st_mode):
            return Node(stat.S_IFLNK | 0o777, size=found.st_size)
        if stat.S_ISREG(found.st_mode):
            return Node(stat.S_IFREG | (0o755 if found.st_mode & 0o100 else 0o644), size=found.st_size)
        return None

    def _read(self, path: bytes) -> bytes:
        *folders, name = path.split(b"/")
        at = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER, dir_fd=at)
                os.close(at)
                at = below
            with open(os.open(name, _FILE, dir_fd=at), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
                return file.read()
        finally:
            os.close(at)
