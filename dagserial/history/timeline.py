"""Hold what each path of a repository was, in one tree after another."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import pairwise

from dagserial.history.changes import FOLDER, LINK, SUBMODULE, Change, Differences
from dagserial.history.inside import place
from dagserial.history.objects import Objects
from dagserial.history.tree import LEADS_OUT, is_hollow, left_out, refusal
from dagserial.history.view import NOTHING, Place, inside, nowhere
from dagserial.sources.reading import FileError, Reads

_TOP = Place("folder")


class Timeline:
    """What stood at each path in each of a row of trees, as far as a run finds it: see `PrivateTree`.

    A position is the index of a tree in the row.
    """

    def __init__(self, trees: Sequence[str], objects: Objects, differences: Differences) -> None:
        """Compare each tree with the next one.

        Args:
            trees: ids of trees.

        Raises:
            RepositoryError: a tree cannot be read.
        """
        self.trees = trees
        self._at: dict[str, list[int]] = defaultdict(list)
        self._places: dict[str, list[Place]] = defaultdict(list)
        self._names: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self._left_out: dict[str, list[FileError | None]] = defaultdict(list)
        self._links: set[str] = set()
        absent = objects.absent(trees)
        for position, changes in enumerate(differences.along([None, *trees])):
            self._add(position, changes, objects, absent)
        self._turned = {path for path in self._names if any(one.kind == "file" for one in self._places.get(path, ()))}

    def _add(self, position: int, changes: list[Change], objects: Objects, absent: Set[bytes]) -> None:
        held = {change.id.encode() for change in changes if change.holds_bytes and not is_hollow(change, absent)}
        sizes = objects.sizes(held)
        targets = dict(objects.blobs({change.id.encode() for change in changes if change.mode == LINK}))
        for change in changes:
            folder, _, name = change.path.rpartition("/")
            self._names[folder][name.partition(".")[0]].add(name)
            why = refusal(change.path, sizes.get(change.id.encode(), 0)) if change.is_there else None
            self._at[change.path].append(position)
            self._places[change.path].append(NOTHING if why else _place(change, targets))
            self._left_out[change.path].append(left_out(change.path, why) if why else None)
            if change.mode == LINK:
                self._links.add(change.path)

    def view(self, position: int) -> AtPosition:
        """Return the tree at a position."""
        return AtPosition(self, position)

    def stored(self, path: str, position: int) -> Place:
        """Return what the tree has at a path, links that lead out of it too."""
        if not path:
            return _TOP
        index = self._index(path, position)
        return self._places[path][index] if index >= 0 else NOTHING

    def ever(self, folder: str, stem: str | None = None) -> set[str]:
        """Return the names that a folder ever had; only those up to whose first dot `stem` stands."""
        if folder not in self._names:
            return set()
        by_stem = self._names[folder]
        return by_stem.get(stem, set()) if stem is not None else set().union(*by_stem.values())

    def left_out(self, position: int) -> list[FileError]:
        """Return the `.py` files that a run does not find though the tree has them, by file."""
        view = self.view(position)
        found = [left_out(link, LEADS_OUT) for link in self._links if view.is_dropped(link)]
        for path, errors in self._left_out.items():
            if any(errors) and (index := self._index(path, position)) >= 0:
                found.append(errors[index])
        return sorted(error for error in found if error)

    def next_change(self, reads: Reads | None, position: int) -> int:
        """Return the first position behind this one where a run may find something else; if none, the length."""
        if reads is None:
            return min(position + 1, len(self.trees))
        watched = (self._next(path, position) for path in self._watched(reads))
        return min(watched, default=len(self.trees))

    def rearranged(self, endings: tuple[str, ...]) -> set[int]:
        """Return the positions at which something came, went or became another kind, or a file of such a name changed.

        Links count as such files. The first position is always one.
        """
        found = {0}
        for path, places in self._places.items():
            if path.endswith(endings) or path in self._links:
                found.update(self._at[path])
                continue
            kinds = ["", *(place.kind for place in places)]
            changes = zip(self._at[path], pairwise(kinds), strict=True)
            found.update(position for position, (before, now) in changes if before != now)
        return found

    def changed(self, path: str, start: int, end: int) -> list[int]:
        """Return the positions between two at which a path holds something else than before."""
        at = self._at.get(path, [])
        return at[bisect_right(at, start) : bisect_left(at, end)]

    def _index(self, path: str, position: int) -> int:
        return bisect_right(self._at[path], position) - 1 if path in self._at else -1

    def _next(self, path: str, position: int) -> int:
        at = self._at.get(path, [])
        index = bisect_right(at, position)
        return at[index] if index < len(at) else len(self.trees)

    def _watched(self, reads: Reads) -> Iterator[str]:
        """Iterate over the paths that what was read depends on: whether links lead out of the tree, on all links."""
        yield from self._links
        yield from reads.contents
        if self._turned:
            for path in reads.contents:
                parts = path.split("/")
                yield from self._turned.intersection("/".join(parts[:at]) for at in range(1, len(parts)))
        for folder in (*reads.names, *reads.entries):
            yield from [folder] if folder else self.ever(folder)  # no change is told of the top itself
        for path in reads.modules:
            folder, _, stem = path.rpartition("/")
            yield from (inside(folder, name) for name in self.ever(folder, stem))
            yield from (inside(path, name) for name in self.ever(path, "__init__"))


class AtPosition:
    """One of the trees, as DAG files find it when they run (a `View`)."""

    def __init__(self, timeline: Timeline, position: int) -> None:
        self._timeline = timeline
        self._position = position

    @property
    def whole(self) -> str:
        """What stands for all of the tree: its id."""
        return self._timeline.trees[self._position]

    @property
    def root(self) -> str:
        """Where the tree might lie."""
        return nowhere()

    def place(self, path: str) -> Place:
        """Return what stands at a path, a link as such."""
        found = self._timeline.stored(path, self._position)
        return NOTHING if found.kind == "link" and self.is_dropped(path) else found

    def names(self, folder: str, stem: str | None = None) -> list[str]:
        """Return the names in a folder, sorted; only those up to whose first dot, if any, `stem` stands."""
        ever = self._timeline.ever(folder, stem)
        return sorted(name for name in ever if self.place(inside(folder, name)).kind)

    def is_dropped(self, path: str) -> bool:
        """Tell whether there is a link at a path that leads out of the tree, or in a circle."""
        return self._target(os.fsencode(path)) is not None and place(os.fsencode(path), self._target) is None

    def _target(self, path: bytes) -> bytes | None:
        found = self._timeline.stored(os.fsdecode(path), self._position)
        return os.fsencode(found.content) if found.kind == "link" else None


def _place(change: Change, targets: dict[bytes, bytes]) -> Place:
    if change.mode == LINK:
        return Place("link", os.fsdecode(targets[change.id.encode()]))
    if change.mode in (FOLDER, SUBMODULE):
        return Place("folder")
    return Place("file", f"{change.mode} {change.id}") if change.is_there else NOTHING
