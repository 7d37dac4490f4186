"""Give what the DAG files of trees give, remembered or worked out."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec

from dagserial.history.bench import Benches
from dagserial.history.changes import Differences
from dagserial.history.disk_view import DiskView
from dagserial.history.memo import Memo
from dagserial.history.objects import Objects
from dagserial.history.parser import parser_key
from dagserial.history.reader import Passage, dag_files
from dagserial.history.remote import Workers
from dagserial.history.repository import Repository
from dagserial.history.result import Declared, Kept, Ran
from dagserial.history.shelf import Layout, Shelf
from dagserial.history.timeline import Timeline
from dagserial.sources import files
from dagserial.sources.reading import FileError, ReadOptions
from dagserial.sources.tree import OnDisk

_FIRST, _MOST = 16, 1024
"""How many trees are worked out together: few at first, as whoever asks may have enough."""

_MOST_RESULTS = 1_000_000
"""How many results of DAG files are held at once, so that a tree of 100,000 takes no more memory than others."""

Progress = Callable[[float, int], None]
"""Is told now and then which part of all trees is known, from 0 to 1, and how many DAG files have run by then."""


def unwatched(_part: float, _files: int) -> None:
    """Tell nobody."""


class Contents(msgspec.Struct, frozen=True):
    """What a tree declares, without the records.

    Attributes:
        declared: by dag_id.
        results: for each of them, the number of the result that holds its record.
        errors: by file.
    """

    declared: dict[str, Declared]
    results: dict[str, int]
    errors: tuple[FileError, ...]


class Readings:
    """What the DAG files of a repository give, in any of its trees. Threads may share it, and wait for each other."""

    def __init__(self, repository: Repository, objects: Objects, memo: Memo, workers: Workers | None = None) -> None:
        self._repository = repository
        self._workers = workers
        self._objects = objects
        self._memo = memo
        self._shelves: dict[bytes, Shelf] = {}
        self._lock = threading.RLock()

    def along(self, trees: Sequence[str], options: ReadOptions, progress: Progress = unwatched) -> Iterator[Layout]:
        """Iterate over what each tree consists of.

        Raises:
            SettingsError: an option is of no use.
            RepositoryError: a tree cannot be read, or not be laid out.
            SandboxError: the DAG files could not be run at all.
        """
        shelf = self.shelf(options)
        with ExitStack() as stack:
            benches: Workers | Benches | None = self._workers
            at, size, ran = 0, _FIRST, 0
            while at < len(trees):
                window = trees[at : at + size]
                known = {tree: layout for tree in set(window) if (layout := shelf.layout(tree))}
                if unknown := [tree for tree in dict.fromkeys(window) if tree not in known]:
                    benches = benches or stack.enter_context(self._benches(options))
                    tell = functools.partial(_tell, progress, (at, len(window), len(trees)), ran)
                    found, more = self._worked_out(unknown, options, benches, tell)
                    known, ran = known | found, ran + more
                progress((at + len(window)) / len(trees), ran)
                yield from (known[tree] for tree in window)
                held = max(len(layout.results) for layout in known.values())
                at, size = at + size, max(1, min(2 * size, _MOST, _MOST_RESULTS // max(1, held)))

    def layout(self, tree: str, options: ReadOptions) -> Layout:
        """Return what a tree consists of.

        Raises:
            SettingsError, RepositoryError, SandboxError: as for `along`.
        """
        (found,) = self.along([tree], options)
        return found

    def in_place(self, root: Path, options: ReadOptions) -> Layout:
        """Return what a work tree consists of.

        Raises:
            SettingsError, SandboxError: as for `along`.
        """
        with self._lock:
            root = root.resolve()
            shelf, view = self.shelf(options), DiskView(str(root))
            found = files.found(OnDisk(root), options)
            known = {file: shelf.find(file, view) for file in found.files}
            unknown = [file for file, result in known.items() if result is None]
            since = time.time_ns()
            with files.Runs() as runs:
                results = runs.results(root, found.folders, unknown, options)
            view = DiskView(str(root))
            given = {file: result[0] for file, result in known.items() if result}
            for file, result in zip(unknown, results, strict=True):
                given[file] = shelf.keep(file, _unless_changed(Ran.of(result), view, since), view, since)
            errors = sorted(result.error for result in found.misnamed if result.error)
            return Layout(tuple(given[file] for file in found.files), tuple(errors))

    def contents(self, layout: Layout, options: ReadOptions) -> Contents:
        """Return what a tree declares."""
        shelf = self.shelf(options)
        briefs = [(id_, shelf.brief(id_)) for id_ in layout.results]
        found, doubled = files.one_each(
            [(one, id_) for id_, brief in briefs for one in brief.declared],
            lambda one: (one[0].dag_id, one[0].file, one[0].line),
            lambda one, other: one[0].digest == other[0].digest,
        )
        errors = [*layout.errors, *doubled, *(error for _, brief in briefs for error in brief.errors)]
        declared, results = ({one.dag_id: one for one, _ in found}, {one.dag_id: id_ for one, id_ in found})
        return Contents(declared, results, tuple(sorted(errors, key=files.by_file)))

    def contents_along(self, layouts: Iterable[Layout], options: ReadOptions) -> Iterator[Contents]:
        """Iterate over what trees declare; neighbours that consist of the same share it."""
        before: tuple[Layout, Contents] | None = None
        for layout in layouts:
            if before is None or before[0] != layout:
                before = layout, self.contents(layout, options)
            yield before[1]

    def kept(
        self, lay_out: Callable[[], Layout], options: ReadOptions, dag_ids: Collection[str] | None = None
    ) -> tuple[list[Kept], Contents]:
        """Return the records of DAGs of a tree by dag_id, as far as it declares them, and what it declares.

        Args:
            lay_out: gives what the tree consists of; is asked again if a record was forgotten meanwhile.
            dag_ids: None for all DAGs.
        """
        while True:
            contents = self.contents(lay_out(), options)
            wanted = contents.declared if dag_ids is None else contents.declared.keys() & dag_ids
            found = self._records(contents, sorted(wanted), options)
            if found is not None:
                return found, contents

    def _records(self, contents: Contents, wanted: list[str], options: ReadOptions) -> list[Kept] | None:
        """Return the records of DAGs that a tree declares, in their order; None if one was forgotten by now."""
        shelf = self.shelf(options)
        results = {id_: shelf.result(id_) for id_ in {contents.results[dag_id] for dag_id in wanted}}
        if None in results.values():
            return None
        kept = {
            (id_, one.dag_id, str(one.digest)): one for id_, found in results.items() if found for one in found.kept
        }
        return [kept[contents.results[dag_id], dag_id, contents.declared[dag_id].digest] for dag_id in wanted]

    def bodies(self, tree: str, dag_ids: Collection[str], options: ReadOptions) -> dict[str, bytes]:
        """Return the records of DAGs of a tree, by dag_id, as far as it declares them.

        Raises:
            SettingsError, RepositoryError, SandboxError: as for `along`.
        """
        kept, _ = self.kept(lambda: self.layout(tree, options), options, dag_ids)
        return {one.dag_id: one.body for one in kept}

    def shelf(self, options: ReadOptions) -> Shelf:
        """Return the shelf for what the options give."""
        key = parser_key(options)
        own = key or msgspec.msgpack.encode(options)
        with self._lock:
            if own not in self._shelves:
                self._shelves[own] = Shelf(self._memo, key)
            return self._shelves[own]

    def _benches(self, options: ReadOptions) -> Benches:
        return Benches(self._repository, self._objects, options.jobs)

    def _worked_out(
        self, trees: list[str], options: ReadOptions, benches: Workers | Benches, progress: Progress
    ) -> tuple[dict[str, Layout], int]:
        """Return what trees consist of, and how many DAG files ran for it."""
        ran, since = 0, time.time_ns()
        shelf = self.shelf(options)
        with self._lock, closing(Differences(self._repository)) as differences:
            timeline = Timeline(trees, self._objects, differences)
            passage = Passage(timeline, dag_files(timeline, self._objects, options), shelf, options)
            clock = time.time_ns if isinstance(benches, Benches) else lambda: 0
            for more in passage.go(benches.start, benches.most, benches.together, clock):
                ran += more
                progress(passage.part, ran)
            found = dict(zip(trees, passage.layouts(), strict=True))
        for tree, layout in found.items():
            shelf.keep_layout(tree, layout, since)
        return found, ran


def _tell(progress: Progress, window: tuple[int, int, int], ran: int, part: float, more: int) -> None:
    """Tell of a part of a window as the part of all trees that it is.

    Args:
        window: where it begins, how many trees it has, and how many there are in all.
        ran: how many DAG files ran for the windows before it.
    """
    begin, length, total = window
    progress((begin + part * length) / total, ran + more)


def _unless_changed(ran: Ran, view: DiskView, since: int) -> Ran:
    """Return a run that is not to be remembered if what was read may have changed meanwhile."""
    is_changed = ran.reads is not None and view.has_changed(ran.reads, since)
    return msgspec.structs.replace(ran, repeatable=False) if is_changed else ran
