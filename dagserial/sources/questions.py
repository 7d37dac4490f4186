"""Put functions that note what they are asked in the place of those of `os`, where Python raises no event."""

from __future__ import annotations

import enum
import functools
import glob
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Protocol

_ASKING = ("access", "lstat", "mkfifo", "mknod", "pathconf", "readlink", "stat", "statvfs")
"""Functions of `os` that raise no event and take a path."""


class Look(enum.Enum):
    """What was looked at."""

    CONTENTS = enum.auto()  # what a path leads to
    ITSELF = enum.auto()  # the link that a path names, or what is no link
    NAMES = enum.auto()  # of a folder
    ENTRIES = enum.auto()  # of a folder
    MODULE = enum.auto()  # folder and name
    NATIVE = enum.auto()  # a library in C, loaded
    LOST = enum.auto()  # there is no telling


class Note(Protocol):
    """Takes what was looked at; never raises."""

    def __call__(self, what: Look, path: Any = None, folder: Any = None) -> None:
        """Note a look.

        Args:
            path: as the functions of `os` take it.
            folder: the file descriptor from which a relative path counts; without, it counts from the working folder.
        """


def losing(function: Callable[..., Any], note: Note) -> Callable[..., Any]:
    """Return a function after which there is no telling what is read."""

    @functools.wraps(function)
    def lost(*args: Any, **kwargs: Any) -> Any:
        note(Look.LOST)
        return function(*args, **kwargs)

    return lost


def watch_questions(note: Note, in_tree: Callable[[Any], Any]) -> None:
    """Put functions that note what they are asked in the place of those of `os`, and of what ends in C unseen."""
    posix = sys.modules["posix"]
    plain = types.ModuleType("posix")
    vars(plain).update(vars(posix))
    sys.modules["_frozen_importlib_external"]._os = plain  # type: ignore[attr-defined]
    for name in _ASKING:
        noting = _asking_itself if name in ("lstat", "readlink") else _asking
        _replace_both(posix, name, functools.partial(noting, note=note, in_tree=in_tree))
    _replace_both(posix, "open", functools.partial(_opening, note=note))
    _replace_both(posix, "scandir", functools.partial(_scanning, note=note, in_tree=in_tree))
    for module, name in (
        ("_posixsubprocess", "fork_exec"),
        ("_locale", "bindtextdomain"),
        ("locale", "bindtextdomain"),
    ):
        replace(sys.modules.get(module), name, lambda function: losing(function, note))


def _replace_both(posix: types.ModuleType, name: str, noting: Callable[[Any], Any]) -> None:
    """Replace a function of `os`, also where it was taken from and where a class of `glob` holds it (Python 3.13).

    `os` tells what functions can do by what they are, so it is told of the new one.
    """
    known = getattr(posix, name, None)
    if known is None:
        return
    before = [function := getattr(os, name)]
    while (function := getattr(function, "__wrapped__", None)) is not None:
        before.append(function)
    replace(os, name, noting)
    new = getattr(os, name)
    setattr(posix, name, new)
    for group in (os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks):
        if known in group:
            group.add(new)
    for kind in vars(glob).values():
        if isinstance(kind, type) and any(getattr(kind, name, None) is function for function in before):
            setattr(kind, name, staticmethod(new))


def replace(where: Any, name: str, noting: Callable[[Any], Any]) -> None:
    """Put what `noting` makes of a function in its place, if it is there."""
    function = getattr(where, name, None)
    if function is not None:
        setattr(where, name, noting(function))


def _asking(function: Callable[..., Any], note: Note, in_tree: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def asked(*args: Any, **kwargs: Any) -> Any:
        path = in_tree(args[0] if args else kwargs.get("path"))
        note(Look.CONTENTS if kwargs.get("follow_symlinks", True) else Look.ITSELF, path, kwargs.get("dir_fd"))
        return function(*args, **kwargs)

    return asked


def _asking_itself(function: Callable[..., Any], note: Note, in_tree: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def asked(*args: Any, **kwargs: Any) -> Any:
        note(Look.ITSELF, in_tree(args[0] if args else kwargs.get("path")), kwargs.get("dir_fd"))
        return function(*args, **kwargs)

    return asked


def _opening(function: Callable[..., Any], note: Note) -> Callable[..., Any]:
    """Return `os.open` as it notes paths that count from a folder; of all others its event tells."""

    @functools.wraps(function)
    def opened(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("dir_fd") is not None:
            note(Look.CONTENTS, args[0] if args else kwargs.get("path"), kwargs["dir_fd"])
        return function(*args, **kwargs)

    return opened


def _scanning(function: Callable[..., Any], note: Note, in_tree: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return `os.scandir` as its entries note what they are asked beyond what the folder says of them."""

    getcwd, readlink = os.getcwd, os.readlink

    def scandir(path: Any = None) -> Any:
        entries = function(path)
        if isinstance(path, int):
            return _Entries(entries, readlink(f"/proc/self/fd/{path}"), note)
        folder = os.fsdecode(in_tree("." if path is None else path))
        return _Entries(entries, folder if folder.startswith("/") else f"{getcwd()}/{folder}", note)

    return scandir


class _Entries:
    """What `os.scandir` returns, of entries that note."""

    def __init__(self, entries: Any, folder: str, note: Note) -> None:
        self._entries = entries
        self._folder = folder
        self._note = note

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return _Entry(next(self._entries), self._folder, self._note)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._entries.close()


class _Entry:
    """An entry of a folder: that it is there, and of what kind, is known with the folder; all else it notes."""

    __slots__ = ("_entry", "_folder", "_note")

    def __init__(self, entry: os.DirEntry[Any], folder: str, note: Note) -> None:
        self._entry = entry
        self._folder = folder
        self._note = note

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # for `isinstance`
        return os.DirEntry

    @property
    def name(self) -> Any:
        return self._entry.name

    @property
    def path(self) -> Any:
        return self._entry.path

    def inode(self) -> int:
        return self._entry.inode()

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def is_junction(self) -> bool:
        return False

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        self._follow(follow_symlinks)
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        self._follow(follow_symlinks)
        return self._entry.is_file(follow_symlinks=follow_symlinks)

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        self._note(Look.CONTENTS if follow_symlinks else Look.ITSELF, self._place())
        return self._entry.stat(follow_symlinks=follow_symlinks)

    def _follow(self, follow_symlinks: bool) -> None:
        if follow_symlinks and self._entry.is_symlink():
            self._note(Look.CONTENTS, self._place())

    def _place(self) -> str:
        return f"{self._folder}/{os.fsdecode(self._entry.name)}"

    def __fspath__(self) -> Any:
        return self._entry.path

    def __repr__(self) -> str:
        return repr(self._entry)
