"""Name what a run looks at outside of its tree, and say what stands there."""

from __future__ import annotations

import os
import stat
import sys
import sysconfig
import tempfile
import zoneinfo
from collections.abc import Iterable
from pathlib import Path

_stat, _lstat, _readlink = os.stat, os.lstat, os.readlink  # as they are now: others may be put in their place

_MACHINE = ("/proc", "/dev", "/sys")
_OWN = ("stdlib", "platstdlib", "purelib", "platlib")
_RACY = 50_000_000
"""Nanoseconds by which the clock of a file system may be behind."""
_SECOND = 1_000_000_000


class Outside:
    """What lies around a tree, but for the interpreter, what is installed for it, and what is gone after the run.

    Args:
        root: top of the tree, absolute, without links.
    """

    def __init__(self, root: str) -> None:
        installed = (sysconfig.get_path(name) for name in _OWN)
        own = {*installed, *sys.path, *zoneinfo.TZPATH, *_MACHINE, os.getcwd(), str(Path(__file__).parents[1])}
        self._own = tuple(f"{folder.rstrip('/')}/" for folder in own if folder.startswith("/"))
        self._root = root

    def names(self, path: str, end: str) -> set[str]:
        """Return how a path is named: as it is, and from the top of the tree too if it may have been made from that.

        Args:
            path: as it was looked at, absolute.
            end: where it ends, all links followed.
        """
        if path.startswith(f"{self._root}/"):
            path = os.path.normpath(path)
        if f"{path}/".startswith(self._own) or f"{end}/".startswith(self._own):
            return set()
        if f"{self._root}/".startswith(f"{end.rstrip('/')}/"):
            return set()  # a folder around the tree is there as long as the tree is
        if os.path.commonpath([self._root, path]) == "/":
            return {path}
        return {path, os.path.relpath(path, self._root)}


def state(name: str, root: str) -> tuple[object, ...]:
    """Return what says if a file, folder or link outside of a tree was changed; nothing if nothing is there.

    Args:
        name: as `Outside` names it; with a `/` at its end for a folder that was listed.
        root: where the tree lies.
    """
    path = os.path.join(root, name.removesuffix("/"))
    try:
        found, link = _stat(path), _lstat(path)
        target = _readlink(path) if stat.S_ISLNK(link.st_mode) else ""
    except (OSError, ValueError):
        return ()
    if stat.S_ISDIR(found.st_mode) and not name.endswith("/"):
        return "folder", target
    return stat.S_IFMT(found.st_mode), found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, target


def has_changed(names: Iterable[str], root: str, since: int) -> bool:
    """Tell whether anything at such paths may have been changed since a moment, in nanoseconds of the clock."""
    for name in names:
        path = os.path.join(root, name.removesuffix("/"))
        above = os.path.dirname(path)
        # What lies in the folder for temporary files changes at any time, and no DAG file is meant to find it there.
        around = [] if state(name, root) or above == tempfile.gettempdir() else [above]
        if any(changed_at(place) >= since for place in (path, *around)):
            return True
    return False


def changed_at(path: str) -> int:
    """Return up to when a file, folder or link may have been changed, in nanoseconds of the clock; 0 if not there."""
    try:
        changed = _lstat(path).st_ctime_ns
    except (OSError, ValueError):
        return 0
    # Some file systems know whole seconds, or two, alone.
    return changed + (_RACY if changed % _SECOND else 2 * _SECOND)
