"""Write the files of a commit to a private folder, as they are stored."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from dagserial.errors import RepositoryError
from dagserial.history.inside import is_unsafe, place
from dagserial.history.objects import LINK, SUBMODULE, Objects
from dagserial.history.repository import Repository
from dagserial.sandbox.folder import private_folder
from dagserial.sources.reading import FileError

LARGEST = 16 * 1024 * 1024
"""Bytes that a file may hold; larger ones are left out."""

_DEEPEST = 100
"""Folders that a file may lie in; Python removes no folder that is nested deeper than its stack."""

_LONGESTLINK = 4096
_MOST_HOPS = 40
"""As Linux allows (path_resolution(7))."""

_REFUSED = {errno.EEXIST, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR}
"""What a file system says of a name it cannot hold, or holds already in another case."""


class Tree(msgspec.Struct, frozen=True):
    """The files of a commit on disk.

    Attributes:
        root: their top; gone after `materialise`.
        left_out: `.py` files that are not there, by file.
    """

    root: Path
    left_out: tuple[FileError, ...]


class _File(msgspec.Struct, frozen=True):
    """A line of `git ls-tree -l`."""

    path: bytes
    mode: bytes
    id: bytes
    size: int


@contextmanager
def materialise(repository: Repository, commit: str) -> Iterator[Tree]:
    """Lend the files of a commit, byte for byte as Git stores them, in a folder that nobody else can enter.

    Attributes, filters and line ends of the user's configuration do not apply; LFS pointers stay pointers. Links that
    lead out of the tree, files over 16 MiB and unsafe names are left out; submodules are empty folders.

    Raises:
        RepositoryError: an object cannot be read, or a file cannot be written.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(private_folder())
            writing = _Writing(os.fsencode(folder))
            writing.write(repository, commit)
        except OSError as error:
            raise RepositoryError(f"the files of commit {commit} cannot be written: {error.strerror}") from error
        yield Tree(Path(folder), tuple(sorted(writing.left_out)))


class _Writing:
    """Files on their way to a folder. Links come last, so that nothing is written through one."""

    def __init__(self, root: bytes) -> None:
        self.left_out: list[FileError] = []
        self._root = root
        self._folders = {b""}

    def write(self, repository: Repository, commit: str) -> None:
        """Write all files of a commit."""
        wanted: dict[bytes, list[_File]] = {}
        for file in map(_parsed, repository.entries(commit)):
            if why := _refusal(file):
                self._leave_out(file.path, why)
            elif file.mode == SUBMODULE:
                self._make_submodule(file.path)
            else:
                wanted.setdefault(file.id, []).append(file)
        links: dict[bytes, bytes] = {}
        with Objects(repository) as objects, closing(objects.blobs(wanted)) as blobs:
            for id_, content in blobs:
                for file in wanted[id_]:
                    if file.mode == LINK:
                        links[file.path] = content
                    else:
                        self._write_file(file.path, content)
        for path in sorted(links):
            self._write_link(path, links)

    def _make_submodule(self, path: bytes) -> None:
        with self._noting(path):
            self._make_folder(path)

    def _write_file(self, path: bytes, content: bytes) -> None:
        with self._noting(path):
            self._make_folder(os.path.dirname(path))
            with open(os.path.join(self._root, path), "xb") as file:
                file.write(content)

    def _write_link(self, path: bytes, links: dict[bytes, bytes]) -> None:
        if place(path, links.get) is None:
            self._leave_out(path, "its link leads out of the tree, or in a circle")
            return
        with self._noting(path):
            self._make_folder(os.path.dirname(path))
            os.symlink(links[path], os.path.join(self._root, path))

    def _make_folder(self, path: bytes) -> None:
        if path not in self._folders:
            os.makedirs(os.path.join(self._root, path), exist_ok=True)
            self._folders.add(path)

    @contextmanager
    def _noting(self, path: bytes) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            self._leave_out(path, f"the file system refuses its name: {error.strerror}")

    def _leave_out(self, path: bytes, why: str) -> None:
        if path.endswith(b".py"):
            self.left_out.append(FileError(_printable(path), None, f"left out: {why}"))


def _parsed(line: bytes) -> _File:
    about, path = line.split(b"\t", 1)
    mode, _, id_, size = about.split()
    return _File(path, mode, id_, int(size) if size.isdigit() else 0)


def _refusal(file: _File) -> str | None:
    """Say why a file is not written; None if it is."""
    parts = file.path.split(b"/")
    if any(map(is_unsafe, parts)):
        return "its name is unsafe"
    if len(parts) > _DEEPEST + 1:
        return f"it lies {len(parts) - 1} folders deep, more than {_DEEPEST}"
    if file.size > LARGEST:
        return f"it holds {file.size} bytes, more than {LARGEST}"
    return None


def _printable(path: bytes) -> str:
    text = path.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
