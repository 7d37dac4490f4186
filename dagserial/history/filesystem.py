"""Serve the files of refs through fsspec, as `dagserial://REF/path`; needs `dagserial[fsspec]`."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, ClassVar, NoReturn
from urllib.parse import unquote

from fsspec import AbstractFileSystem

from dagserial.errors import NotFoundError, PathNotFoundError, ReadOnlyError, SettingsError
from dagserial.history.history import History
from dagserial.history.path import RefPath, Status

Info = dict[str, Any]

_TYPES = {stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFREG: "file"}


class RefFileSystem(AbstractFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """The files of a repository at its refs, to be read only; fsspec finds it by the protocol `dagserial`.

    `v1.2.0/dags/etl.py` is a file at a ref. In the ref, `/` and `%` are written `%2F` and `%25`, as in
    `feature%2Fx/dags`. The top holds the branches and tags. With `ref`, all paths are those of that ref, as they
    are. Each ref is looked up once; a new file system looks anew.

    Args:
        repo: as of `History`.
        ref: anything `git rev-parse` takes for one commit, or `@worktree`.

    Raises:
        RepositoryError: as for `History`.
    """

    protocol: ClassVar[str] = "dagserial"
    root_marker = ""
    # A cached one would hold on to what refs were, and to processes.
    cachable = False

    def __init__(self, repo: str | Path = ".", ref: str | None = None, **options: Any) -> None:
        super().__init__(repo=repo, ref=ref, **options)
        self._history = History(repo)
        self._ref = ref
        self._tops: dict[str, RefPath] = {}

    def close(self) -> None:
        """End the child processes; they end by themselves, too, when the file system goes."""
        self._history.close()

    def path(self, path: str) -> RefPath:
        """Return the path at its ref, for what fsspec does not know: links, submodules, LFS pointers.

        Raises:
            PathNotFoundError: the ref does not exist, or none is named.
        """
        ref, below = self._parted(path)
        if ref not in self._tops:
            try:
                self._tops[ref] = self._history.path(ref)
            except (NotFoundError, SettingsError) as error:
                raise PathNotFoundError(str(error)) from error
        return self._tops[ref] / below

    def info(self, path: str, **_: Any) -> Info:
        """Return what is known of a path: name, type, size, mode, id, and whether it is a link or a submodule.

        Of a link, what it leads to; the type is `link` if that is nothing or out of the tree. The size is None where
        the content is not there, as in partial clones.

        Raises:
            PathNotFoundError: nothing is there.
        """
        name = self._strip_protocol(path)
        if self._is_above_refs(name):
            return {"name": "", "size": 0, "type": "directory"}
        found = self.path(path)
        return _info(name, found, found.stat() if found.exists() or not found.is_symlink() else found.lstat())

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """Return what lies in a folder, or a file itself, by name: as `info` tells of each, or names alone.

        Raises:
            PathNotFoundError: nothing is there.
        """
        name = self._strip_protocol(path)
        if self._is_above_refs(name):
            found = [{"name": _quoted(ref), "size": 0, "type": "directory"} for ref in self._history.refs()]
        elif (top := self.path(path)).is_dir():
            found = [_info(f"{name}/{below.name}".lstrip("/"), below, status) for below, status in top.statuses()]
        else:
            found = [self.info(path)]
        return found if detail else [info["name"] for info in found]

    def walk(self, path: str, *args: Any, **options: Any) -> Iterator[tuple[str, Any, Any]]:
        """Walk through folders as fsspec does, but not through links, which may go round in circles."""
        if not options.get("below") or not self.path(path).is_symlink():
            yield from super().walk(path, *args, **{**options, "below": True})

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Return the bytes of a file, or a range of them; counted from the end if negative.

        Raises:
            PathNotFoundError: nothing is there.
            FolderError: a folder is there.
        """
        return self.path(path).read_bytes()[start:end]

    def _open(self, path: str, mode: str = "rb", **_: Any) -> IO[bytes]:
        return self.path(path).open(mode)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        """Refuse to write.

        Raises:
            ReadOnlyError: always.
        """
        raise ReadOnlyError("writing through fsspec")

    cp_file = makedirs = mkdir = mv = pipe_file = put_file = rm = rm_file = rmdir = touch = _rm = _refuse

    @classmethod
    def _strip_protocol(cls, path: str) -> Any:
        stripped = super()._strip_protocol(path)
        return stripped.lstrip("/") if isinstance(stripped, str) else stripped

    def _is_above_refs(self, name: str) -> bool:
        return not name and self._ref is None

    def _parted(self, path: str) -> tuple[str, str]:
        name = self._strip_protocol(path)
        if self._ref is not None:
            return self._ref, name
        ref, _, below = name.partition("/")
        return unquote(ref, errors="surrogateescape"), below


def _info(name: str, path: RefPath, status: Status) -> Info:
    is_link = path.is_symlink()
    return {
        "name": name,
        "size": status.st_size,
        "type": _TYPES[stat.S_IFMT(status.st_mode)],
        "mode": status.st_mode,
        "id": status.id,
        "islink": is_link,
        "is_submodule": path.is_submodule(),
        **({"destination": str(path.readlink())} if is_link else {}),
    }


def _quoted(ref: str) -> str:
    return ref.replace("%", "%25").replace("/", "%2F")
