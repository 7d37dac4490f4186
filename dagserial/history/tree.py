"""Write the files of commits to a private folder, as they are stored."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Set
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import msgspec

from dagserial.errors import RepositoryError
from dagserial.history import refs
from dagserial.history.changes import EXECUTABLE, FOLDER, GONE, LINK, SUBMODULE, Change, Differences
from dagserial.history.inside import is_unsafe, place
from dagserial.history.objects import Objects
from dagserial.history.repository import Repository
from dagserial.sandbox.folder import private_folder
from dagserial.sources.reading import FileError

LARGEST = 16 * 1024 * 1024
"""Bytes that a file may hold; larger ones are left out."""

_DEEPEST = 100
"""Folders that a file may lie in; Python removes no folder that is nested deeper than its stack."""

_REFUSED = {errno.EEXIST, errno.ENOENT, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENAMETOOLONG, errno.ENOTDIR}
"""What a file system says of a name it cannot hold, or holds already in another case."""

DECISIVE = (".py", ".airflowignore")
"""Ends of the names of files whose content decides on which files are DAG files."""

LEADS_OUT = "its link leads out of the tree, or in a circle"


class Tree(msgspec.Struct, frozen=True):
    """The files of a commit on disk.

    Attributes:
        root: their top; gone after `materialise`.
        left_out: `.py` files that are not there, by file.
        hollow: paths of files that are empty, as the repository is a partial clone that lacks their contents.
    """

    root: Path
    left_out: tuple[FileError, ...]
    hollow: frozenset[str]


@contextmanager
def materialise(repository: Repository, commit: str) -> Iterator[Tree]:
    """Lend the files of a commit, as `PrivateTree` lays them out.

    Raises:
        RepositoryError: an object is not there or cannot be read, or a file cannot be written.
    """
    with Objects(repository) as objects, PrivateTree(repository, objects) as private:
        tree = private.moved(objects.tree(refs.commit(repository, commit)))
        if tree.hollow:
            raise repository.lacks(min(tree.hollow))
        yield tree


class PrivateTree:
    """The files of one commit after another, byte for byte as Git stores them, in a folder that nobody else can enter.

    Going on to another commit writes what differs. Attributes, filters and line ends of the user's configuration do not
    apply; LFS pointers stay pointers. Links that lead out of the tree, files over 16 MiB and unsafe names are left out;
    submodules are empty folders; what a partial clone lacks may be hollow. A context manager; whoever opens it closes
    it, and the folder goes.
    """

    def __init__(self, repository: Repository, objects: Objects) -> None:
        self._objects = objects
        self._stack = ExitStack()
        self._differences = Differences(repository)
        self._stack.callback(self._differences.close)
        self._folder = self._stack.enter_context(ExitStack())
        self._root = ""
        self._at: str | None = None
        self._links: dict[str, bytes] = {}
        self._left_out: dict[str, FileError] = {}
        self._hollow: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def moved(self, tree: str) -> Tree:
        """Lay out another tree, by id; what was there before is gone.

        Raises:
            RepositoryError: an object cannot be read, or a file cannot be written.
        """
        before, self._at = self._at, None
        try:
            if before is None:
                self._start()
            if before != tree:
                self._apply(self._differences.between(before, tree), self._objects.absent([tree]))
        except OSError as error:
            raise RepositoryError(f"the files of tree {tree} cannot be written: {error.strerror}") from error
        self._at = tree
        return Tree(Path(self._root), tuple(sorted(self._left_out.values())), frozenset(self._hollow))

    def forget(self) -> None:
        """Lay out the next tree from nothing, as somebody may have changed what is there."""
        self._at = None

    def _start(self) -> None:
        self._folder.close()
        self._root = self._folder.enter_context(private_folder())
        self._links, self._left_out, self._hollow = {}, {}, set()

    def _apply(self, changes: list[Change], absent: Set[bytes]) -> None:
        """Remove what is gone, then write what came; links last, so that nothing is written through one."""
        self._remove(changes)
        wanted: dict[str, list[Change]] = {}
        held = {change.id.encode() for change in changes if change.holds_bytes and not is_hollow(change, absent)}
        sizes = self._objects.sizes(held)
        for change in changes:
            if not change.is_there:
                continue
            if why := refusal(change.path, sizes.get(change.id.encode(), 0)):
                self._leave_out(change.path, why)
            elif is_hollow(change, absent):
                self._hollow.add(change.path)
                self._write_file(change, b"")
            elif change.holds_bytes:
                wanted.setdefault(change.id, []).append(change)
            else:
                with self._noting(change.path):
                    os.makedirs(self._on_disk(change.path), exist_ok=True)
        with closing(self._objects.blobs(map(str.encode, wanted))) as blobs:
            for id_, content in blobs:
                for change in wanted[id_.decode()]:
                    if change.mode == LINK:
                        self._links[change.path] = content
                    else:
                        self._write_file(change, content)
        self._make_links()

    def _remove(self, changes: list[Change]) -> None:
        for path in self._links:
            with suppress(FileNotFoundError):
                os.unlink(self._on_disk(path))
        emptied = []
        for change in changes:
            self._left_out.pop(change.path, None)
            self._links.pop(change.path, None)
            self._hollow.discard(change.path)
            if change.was in (FOLDER, SUBMODULE):
                emptied += [change.path] if change.mode != FOLDER else []
            elif change.was not in (LINK, GONE) and not refusal(change.path, 0):
                with suppress(FileNotFoundError, NotADirectoryError):
                    os.unlink(self._on_disk(change.path))
        for path in sorted(emptied, reverse=True):
            with suppress(FileNotFoundError, NotADirectoryError):
                os.rmdir(self._on_disk(path))

    def _make_links(self) -> None:
        targets = {os.fsencode(path): target for path, target in self._links.items()}
        for path in sorted(self._links):
            if place(os.fsencode(path), targets.get) is None:
                self._leave_out(path, LEADS_OUT)
                continue
            self._left_out.pop(path, None)
            with self._noting(path):
                os.symlink(self._links[path], os.fsencode(self._on_disk(path)))

    def _write_file(self, change: Change, content: bytes) -> None:
        with self._noting(change.path), open(self._on_disk(change.path), "xb") as file:
            file.write(content)
            if change.mode == EXECUTABLE:
                os.fchmod(file.fileno(), os.fstat(file.fileno()).st_mode | 0o111)

    def _on_disk(self, path: str) -> str:
        return os.path.join(self._root, path)

    @contextmanager
    def _noting(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            self._leave_out(path, f"the file system refuses its name: {error.strerror}")

    def _leave_out(self, path: str, why: str) -> None:
        if error := left_out(path, why):
            self._left_out[path] = error


def left_out(path: str, why: str) -> FileError | None:
    """Return the error for a file that is not written; None if nobody misses it, as it is no `.py` file."""
    return FileError(_printable(os.fsencode(path)), None, f"left out: {why}") if path.endswith(".py") else None


def refusal(path: str, size: int) -> str | None:
    """Say why a file is not written; None if it is, as far as its name and its size in bytes say."""
    parts = os.fsencode(path).split(b"/")
    if any(map(is_unsafe, parts)):
        return "its name is unsafe"
    if len(parts) > _DEEPEST + 1:
        return f"it lies {len(parts) - 1} folders deep, more than {_DEEPEST}"
    if size > LARGEST:
        return f"it holds {size} bytes, more than {LARGEST}"
    return None


def is_hollow(change: Change, absent: Set[bytes]) -> bool:
    """Tell whether a file can only be laid out empty: its content is not there, nor does every run need it.

    Args:
        absent: ids of objects that are not there.
    """
    is_absent = bool(absent) and change.holds_bytes and change.id.encode() in absent
    return is_absent and change.mode != LINK and not change.path.endswith(DECISIVE)


def _printable(path: bytes) -> str:
    text = path.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
