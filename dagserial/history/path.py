"""Look at the files of a ref as one looks at files on disk; nothing is checked out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, Any, NoReturn

import msgspec

from dagserial.errors import FolderError, NoFolderError, PathNotFoundError, ReadOnlyError
from dagserial.history import pattern
from dagserial.history.content import check_mode, opened
from dagserial.history.inside import place
from dagserial.history.node import Contents, Node

_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_LONGEST_POINTER = 1024
"""As Git LFS writes them (docs/spec.md of git-lfs, "The Pointer")."""


class Status(msgspec.Struct, frozen=True):
    """What is known of a path without its content.

    Attributes:
        st_mode: kind and permissions, as of `os.stat`: 0o100644 or 0o100755 for a file.
        st_size: in bytes, of a link that of its target's name; None if the content is not there, as in partial clones.
        id: what Git calls the content, 40 or 64 hex; None for what lies in the work tree.
    """

    st_mode: int
    st_size: int | None
    id: str | None


class RefPath:
    """A path at a ref, to be used like a `pathlib.Path` that can only be read.

    Links are followed as long as they stay inside of the tree; what lies behind others is not there. A submodule is an
    empty folder. Bytes come as Git stores them: no filter, no line ends, LFS pointers as such. Names that are not UTF-8
    hold surrogates (PEP 383). There is no file on disk, hence no `os.fspath`.

    Made by `History.path`, and good as long as that history is open.
    """

    __slots__ = ("_contents", "_node", "_path", "_ref")

    def __init__(self, contents: Contents, ref: str, path: PurePosixPath, node: Node | None = None) -> None:
        self._contents = contents
        self._ref = ref
        self._path = path
        # What stands there, if it is known and cannot change.
        self._node = node

    def __str__(self) -> str:
        """Return it as Git writes it: `REF:path`."""
        return f"{self._ref}:{'' if not self._path.parts else self._path}"

    def __repr__(self) -> str:
        return f"RefPath({self._ref!r}, {str(self._path)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RefPath):
            return NotImplemented
        return self._contents == other._contents and self._path == other._path

    def __hash__(self) -> int:
        return hash((self._contents, self._path))

    def __lt__(self, other: RefPath) -> bool:
        return self._path < other._path

    def __truediv__(self, name: str | PurePosixPath) -> RefPath:
        return self.joinpath(name)

    @property
    def ref(self) -> str:
        """The ref, as it was asked for."""
        return self._ref

    @property
    def name(self) -> str:
        """The last part; empty at the top."""
        return self._path.name

    @property
    def stem(self) -> str:
        """The last part without its suffix."""
        return self._path.stem

    @property
    def suffix(self) -> str:
        """What follows the last dot of the last part, with the dot."""
        return self._path.suffix

    @property
    def suffixes(self) -> list[str]:
        """All suffixes of the last part."""
        return self._path.suffixes

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts, from the top; none at the top."""
        return self._path.parts

    @property
    def parent(self) -> RefPath:
        """The folder it lies in; at the top, the top."""
        return self._at(self._path.parent)

    @property
    def parents(self) -> tuple[RefPath, ...]:
        """The folders it lies in, the nearest first."""
        return tuple(map(self._at, self._path.parents))

    def as_posix(self) -> str:
        """Return the path from the top of the tree, `.` at the top."""
        return self._path.as_posix()

    def joinpath(self, *names: str | PurePosixPath) -> RefPath:
        """Return the path of something below."""
        return self._at(self._path.joinpath(*names))

    def with_name(self, name: str) -> RefPath:
        """Return the path with another last part."""
        return self._at(self._path.with_name(name))

    def with_suffix(self, suffix: str) -> RefPath:
        """Return the path with another suffix."""
        return self._at(self._path.with_suffix(suffix))

    def relative_to(self, other: RefPath | str) -> PurePosixPath:
        """Return what is left of the path below another one."""
        return self._path.relative_to(other._path if isinstance(other, RefPath) else other)

    def is_relative_to(self, other: RefPath | str) -> bool:
        """Tell whether it lies at or below another path, by their names."""
        return self._path.is_relative_to(other._path if isinstance(other, RefPath) else other)

    def match(self, pattern: str) -> bool:
        """Tell whether the path ends as a pattern says, as of `pathlib.PurePath.match`."""
        return self._path.match(pattern)

    def exists(self) -> bool:
        """Tell whether anything is there."""
        return self._followed()[1] is not None

    def is_file(self) -> bool:
        """Tell whether it is a file, or a link to one."""
        node = self._followed()[1]
        return node is not None and node.is_file

    def is_dir(self) -> bool:
        """Tell whether it is a folder, a link to one, or a submodule."""
        node = self._followed()[1]
        return node is not None and node.is_folder

    def is_symlink(self) -> bool:
        """Tell whether it is a link, wherever that leads."""
        node = self._unfollowed()[1]
        return node is not None and node.is_link

    def is_submodule(self) -> bool:
        """Tell whether it is a submodule: a commit of another repository, of which nothing is here."""
        node = self._unfollowed()[1]
        return node is not None and node.is_submodule

    def is_lfs_pointer(self) -> bool:
        """Tell whether its content lies in Git LFS, so that the bytes here only point at it."""
        if not self.is_file() or (self.stat().st_size or 0) >= _LONGEST_POINTER:
            return False
        return self.read_bytes().startswith(_POINTER)

    def stat(self) -> Status:
        """Return size and mode; of a link, those of what it leads to. No content is loaded.

        Raises:
            PathNotFoundError: nothing is there.
            RepositoryError: a folder cannot be read.
        """
        return self._status(self._found(self._followed()[1]))

    def lstat(self) -> Status:
        """Return size and mode; of a link, its own.

        Raises:
            PathNotFoundError, RepositoryError: as for `stat`.
        """
        return self._status(self._found(self._unfollowed()[1]))

    def readlink(self) -> PurePosixPath:
        """Return where a link leads, as it is written.

        Raises:
            PathNotFoundError: there is no link.
            RepositoryError: it cannot be read.
        """
        where, node = self._unfollowed()
        if node is None or not node.is_link:
            raise PathNotFoundError(f"there is no link at {str(self)!r}")
        return PurePosixPath(_text(self._contents.content(where, node)))

    def iterdir(self) -> Iterator[RefPath]:
        """Iterate over what lies in a folder, by name; no other folder is read.

        Raises:
            PathNotFoundError: nothing is there.
            NoFolderError: a file is there.
            RepositoryError: the folder cannot be read.
        """
        where, node = self._followed()
        node = self._found(node)
        if not node.is_folder:
            raise NoFolderError(f"{str(self)!r} is a file, no folder")
        for name, child in self._contents.children(where, node):
            yield RefPath(self._contents, self._ref, self._path / _text(name), child if child.id else None)

    def statuses(self) -> list[tuple[RefPath, Status]]:
        """Return what lies in a folder, by name, as `stat` tells of it, and `lstat` of links that lead nowhere.

        All sizes are asked for together, so this is far faster than `stat` of each.

        Raises:
            PathNotFoundError, NoFolderError, RepositoryError: as for `iterdir`.
        """
        found = [(path, path._followed()[1] or path._unfollowed()[1]) for path in self.iterdir()]
        there = [(path, node) for path, node in found if node]
        sizes = self._contents.sizes(node for _, node in there)
        return [(path, _status(node, size)) for (path, node), size in zip(there, sizes, strict=True)]

    def glob(self, pattern_: str) -> Iterator[RefPath]:
        """Iterate over what lies below and matches a pattern: `*.py`, `**/*.sql`. `**` follows no links.

        Raises:
            SettingsError: the pattern is empty or starts at `/`.
            RepositoryError: a folder cannot be read.
        """
        return pattern.found(self, pattern_)

    def rglob(self, pattern_: str) -> Iterator[RefPath]:
        """Iterate over what matches a pattern in any folder below.

        Raises:
            SettingsError, RepositoryError: as for `glob`.
        """
        return pattern.found(self, f"**/{pattern_}")

    def read_bytes(self) -> bytes:
        """Return the content.

        Raises:
            PathNotFoundError: nothing is there.
            FolderError: a folder is there.
            RepositoryError: it cannot be read.
        """
        where, node = self._followed()
        node = self._found(node)
        if not node.is_file:
            raise FolderError(f"{str(self)!r} is a {'submodule' if node.is_submodule else 'folder'}, no file")
        return self._contents.content(where, node)

    def read_text(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the content as text; line ends become `\\n`.

        Raises:
            PathNotFoundError, FolderError, RepositoryError: as for `read_bytes`.
        """
        with self.open("r", encoding=encoding, errors=errors) as file:
            return str(file.read())

    def open(
        self, mode: str = "r", *, encoding: str = "utf-8", errors: str = "strict", newline: str | None = None
    ) -> IO[Any]:
        """Open a file to read: `r` for text, `rb` for bytes. All of it is loaded.

        Raises:
            ReadOnlyError: the mode would write.
            SettingsError: the mode is none.
            PathNotFoundError, FolderError, RepositoryError: as for `read_bytes`.
        """
        check_mode(mode, str(self))
        return opened(self.read_bytes(), str(self), mode, encoding=encoding, errors=errors, newline=newline)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        """Refuse to write.

        Raises:
            ReadOnlyError: always.
        """
        raise ReadOnlyError(f"writing at {str(self)!r}")

    chmod = hardlink_to = mkdir = rename = replace = rmdir = symlink_to = touch = unlink = _refuse
    write_bytes = write_text = _refuse

    def _at(self, path: PurePosixPath) -> RefPath:
        return RefPath(self._contents, self._ref, path)

    def _found(self, node: Node | None) -> Node:
        if node is not None:
            return node
        if self.is_symlink():
            raise PathNotFoundError(f"{str(self)!r} is a link to nothing, out of the tree, or in a circle")
        raise PathNotFoundError(f"there is nothing at {str(self)!r}")

    def _status(self, node: Node) -> Status:
        (size,) = self._contents.sizes([node])
        return _status(node, size)

    def _followed(self) -> tuple[bytes, Node | None]:
        """Return where the path leads to, with what stands there."""
        if self._node and not self._node.is_link:
            return b"", self._node
        return self._looked_up(self._path)

    def _unfollowed(self) -> tuple[bytes, Node | None]:
        """Return where the path is, with what stands there, be it a link."""
        if self._node:
            return b"", self._node
        if self._path.name in ("", ".."):
            return self._followed()
        folder, node = self._looked_up(self._path.parent)
        if node is None or not node.is_folder:
            return b"", None
        where = b"/".join(filter(None, [folder, _bytes(PurePosixPath(self._path.name))]))
        return where, self._contents.node(where) if where != folder else None

    def _looked_up(self, path: PurePosixPath) -> tuple[bytes, Node | None]:
        names = _bytes(path)
        where, node = (None, None) if names is None else followed(self._contents, names)
        return where or b"", node


def followed(contents: Contents, path: bytes) -> tuple[bytes | None, Node | None]:
    """Return where a path leads to with all links followed, and what stands there.

    The first is None if that is not in the tree, the second if nothing is there.

    Raises:
        RepositoryError: a folder cannot be read.
    """
    way = _Way(contents)
    where = None if path.startswith(b"/") else place(path, way.target)
    return where, None if where is None or way.is_barred(where) else contents.node(where)


class _Way:
    """A way through a tree, which ends where there is no folder to go on from."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._ends: list[bytes] = []

    def target(self, path: bytes) -> bytes | None:
        """Return what the link at a path says; None if there is no link."""
        node = self._contents.node(path)
        if node is not None and node.is_link:
            return self._contents.content(path, node)
        if node is None or not node.is_folder:
            self._ends.append(path)
        return None

    def is_barred(self, where: bytes) -> bool:
        """Tell whether the way went on from what is no folder."""
        return self._ends not in ([], [where])


def _status(node: Node, size: int | None) -> Status:
    return Status(node.mode, size, node.id.decode() or None)


def _bytes(path: PurePosixPath) -> bytes | None:
    """Return a path of the tree as Git has it; None if it can be none."""
    if path.is_absolute():
        return None
    try:
        return b"/".join(part.encode("utf-8", "surrogateescape") for part in path.parts)
    except UnicodeEncodeError:
        return None


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
