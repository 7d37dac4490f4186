"""Follow paths to where they end in a tree, and keep the links that lie on the way."""

from __future__ import annotations

import os
import stat

_lstat, _readlink, _scandir = (
    os.lstat,
    os.readlink,
    os.scandir,
)  # as they are when this is imported: others may be put in their place


class Links:
    """Paths of one tree that does not change while this object lives; each is followed once.

    Attributes:
        passed: links of the tree that paths went through, absolute.
        is_left: a link of the tree leads out of it, or says where in the file system the tree lies.
    """

    def __init__(self, root: str) -> None:
        """Prepare.

        Args:
            root: top of the tree, absolute, without links.
        """
        self.passed: set[str] = set()
        self.is_left = False
        self._root = root.rstrip("/")
        self._ends: dict[str, str] = {}
        self._kinds: dict[str, int] = {}
        self._links: dict[str, dict[str, list[str]]] = {}

    def holds(self, path: str) -> bool:
        """Tell whether an absolute path without links lies in the tree."""
        return path == self._root or path.startswith(f"{self._root}/")

    def from_top(self, path: str) -> str:
        """Return a path that the tree holds as it is from its top, which is the empty text."""
        return path[len(self._root) + 1 :]

    def is_folder(self, path: str) -> bool:
        """Tell whether a path without links is a folder."""
        return stat.S_ISDIR(self._kind(path))

    def end(self, path: str) -> str:
        """Return where an absolute path ends, all links followed: what lies there, or the first that does not."""
        found = self._ends.get(path)
        if found is None:
            self._ends[path] = path  # links that go round end where they began
            found = self._ends[path] = self._step(path, follow=True)
        return found

    def itself(self, path: str) -> str:
        """Return where an absolute path ends, all links followed but the one that it may name."""
        return self._step(path, follow=False)

    def named(self, folder: str, stem: str) -> list[str]:
        """Return the links in a folder of which the name, up to its first dot, is `stem`."""
        if folder not in self._links:
            found: dict[str, list[str]] = {}
            self._links[folder] = found
            try:
                with _scandir(folder) as entries:
                    names = [entry.name for entry in entries if entry.is_symlink()]
            except OSError:
                names = []
            for name in names:
                found.setdefault(name.partition(".")[0], []).append(name)
        return self._links[folder].get(stem, [])

    def _step(self, path: str, *, follow: bool) -> str:
        above, name = os.path.split(path)
        if above == path:
            return "/"
        folder = self.end(above)
        if name in ("", ".") or not self.is_folder(folder):
            return folder
        if name == "..":
            return os.path.dirname(folder)
        place = f"{folder.rstrip('/')}/{name}"
        return self._through(place) if follow and stat.S_ISLNK(self._kind(place)) else place

    def _through(self, link: str) -> str:
        target = _readlink(link)
        end = self.end(os.path.join(os.path.dirname(link), target))
        if self.holds(link):
            self.passed.add(link)
            is_placed = os.path.basename(self._root) in target.split("/") and ".." in target.split("/")
            self.is_left = self.is_left or target.startswith("/") or is_placed or not self.holds(end)
        return end

    def _kind(self, path: str) -> int:
        """Return the kind of what lies at a path, as in `st_mode`; 0 for nothing."""
        if path not in self._kinds:
            try:
                self._kinds[path] = stat.S_IFMT(_lstat(path).st_mode)
            except (OSError, ValueError):
                self._kinds[path] = 0
        return self._kinds[path]
