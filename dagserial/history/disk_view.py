"""Look at a work tree as at the tree of a commit (a `View`)."""

from __future__ import annotations

import hashlib
import os
import stat

from dagserial.history.view import NOTHING, Place, inside
from dagserial.sources.outside import changed_at
from dagserial.sources.reading import Reads


class DiskView:
    """The files of a work tree as they are now, those that Git ignores too.

    Args:
        root: its top, absolute.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._places: dict[str, Place] = {}

    @property
    def whole(self) -> None:
        """Nothing stands for all of the tree."""
        return

    def place(self, path: str) -> Place:
        """Return what stands at a path, a link as such."""
        if path not in self._places:
            self._places[path] = self._look(path)
        return self._places[path]

    def names(self, folder: str, stem: str | None = None) -> list[str]:
        """Return the names in a folder, sorted; only those up to whose first dot, if any, `stem` stands."""
        try:
            found = os.listdir(self._on_disk(folder))
        except OSError:
            return []
        return sorted(name for name in found if stem is None or name.partition(".")[0] == stem)

    def has_changed(self, reads: Reads, since: int) -> bool:
        """Tell whether anything that was read may have been changed since a moment, in nanoseconds of the clock."""
        paths: set[str] = set()
        for path in (*reads.contents, *reads.names, *reads.entries, *reads.modules):
            while path not in paths:  # a folder may have been put in the place of another, with all that is in it
                paths.add(path)
                path = path.rpartition("/")[0]
        return any(changed_at(self._on_disk(path)) >= since for path in paths)

    def _look(self, path: str) -> Place:
        try:
            found = os.lstat(self._on_disk(path))
            if stat.S_ISLNK(found.st_mode):
                return Place("link", os.readlink(self._on_disk(path)))
            if stat.S_ISDIR(found.st_mode):
                return Place("folder")
            if stat.S_ISREG(found.st_mode):
                return self._file(path, found)
            return Place("special", f"{found.st_mode:o}")
        except OSError:
            return NOTHING

    def _file(self, path: str, found: os.stat_result) -> Place:
        """Return the place of a file with the id that Git would give it (gitformat-pack(5), SHA-1)."""
        mode = "100755" if found.st_mode & 0o100 else "100644"
        try:
            with open(self._on_disk(path), "rb") as file:
                content = file.read()
        except PermissionError:
            return Place("file", f"unreadable {found.st_ino} {found.st_ctime_ns}")
        id_ = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
        return Place("file", f"{mode} {id_.hexdigest()}")

    def _on_disk(self, path: str) -> str:
        return inside(self.root, path) if path else self.root
