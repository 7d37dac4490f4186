"""Work out what the DAG files of trees give: what is known is not run again, the rest runs on several processors."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import pairwise

import msgspec

from dagserial.history.at_ref import AtRef
from dagserial.history.bench import Work
from dagserial.history.committed import Committed
from dagserial.history.objects import Objects
from dagserial.history.shelf import Shelf
from dagserial.history.timeline import Timeline
from dagserial.sources import files
from dagserial.sources.child import FileResult
from dagserial.sources.reading import FileError, ReadOptions, Reads

Start = Callable[[Work], "Future[list[FileResult]]"]
"""Has DAG files run."""

_DECISIVE = (".py", ".airflowignore")
"""Ends of the names of files whose content decides on which files are DAG files."""


class Layout(msgspec.Struct, frozen=True):
    """What a tree consists of.

    Attributes:
        results: the numbers that the shelf has for what the DAG files gave, by file.
        errors: files that did not run at all.
    """

    results: tuple[int, ...]
    errors: tuple[FileError, ...]


class Track(msgspec.Struct, order=True):
    """A DAG file on its way through a row of trees, to the first in which it is none any more."""

    position: int
    file: str
    end: int


class Passage:
    """Take the DAG files of a row of trees from the first one to the last."""

    def __init__(self, timeline: Timeline, found: Sequence[files.Found], shelf: Shelf, options: ReadOptions) -> None:
        self._timeline = timeline
        self._found = found
        self._shelf = shelf
        self._options = options
        self._given: list[dict[str, int]] = [{} for _ in timeline.trees]
        self._waiting = _tracks(found)
        self._all = sum(track.end - track.position for track in self._waiting)
        self._known = 0

    @property
    def part(self) -> float:
        """The part of what the DAG files give in all trees that is known, from 0 to 1."""
        return self._known / self._all if self._all else 1.0

    def go(self, start: Start, most: int) -> Iterator[int]:
        """Have run what must run; iterate over the number of files that ran.

        Args:
            most: how many runs are under way at the same time.

        Raises:
            SettingsError, RepositoryError, SandboxError: as a run does.
        """
        running: dict[Future[list[FileResult]], list[Track]] = {}
        while self._waiting or running:
            while self._waiting and len(running) < most:
                if unknown := self._unknown():
                    running[start(self._work(unknown))] = unknown
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                tracks = running.pop(future)
                for track, result in zip(tracks, future.result(), strict=True):
                    self._learn(track, result)
                yield len(tracks)

    def layouts(self) -> list[Layout]:
        """Return what the trees consist of, in their order."""
        return [self._layout(position) for position in range(len(self._timeline.trees))]

    def _unknown(self) -> list[Track]:
        """Return DAG files at the first position that is waited for, as far as nobody knows what they give there."""
        unknown = []
        position = self._waiting[0].position
        while self._waiting and self._waiting[0].position == position:
            track = heapq.heappop(self._waiting)
            self._follow(track)
            if track.position == position:
                unknown.append(track)
            elif track.position < track.end:
                heapq.heappush(self._waiting, track)
        return unknown

    def _follow(self, track: Track) -> None:
        """Go on as far as it is known what the file gives."""
        while track.position < track.end:
            known = self._shelf.find(track.file, self._timeline.view(track.position))
            if known is None:
                return
            self._give(track, *known)

    def _learn(self, track: Track, result: FileResult) -> None:
        id_ = self._shelf.keep(track.file, result, self._timeline.view(track.position))
        # What time or memory ended is not tried again at each commit, but when the file itself has changed.
        self._give(track, id_, result.reads if result.repeatable else Reads(contents=(track.file,)))
        if track.position < track.end:
            heapq.heappush(self._waiting, track)

    def _give(self, track: Track, id_: int, reads: Reads | None) -> None:
        """Note what the file gives, from where it is to where that may change."""
        end = min(track.end, self._timeline.next_change(reads, track.position))
        for position in range(track.position, end):
            self._given[position][track.file] = id_
        self._known += end - track.position
        track.position = end

    def _work(self, tracks: list[Track]) -> Work:
        position = tracks[0].position
        folders = self._found[position].folders
        return Work(self._timeline.trees[position], folders, [track.file for track in tracks], self._options)

    def _layout(self, position: int) -> Layout:
        given = self._given[position]
        errors = [result.error for result in self._found[position].misnamed if result.error]
        errors += self._timeline.left_out(position)
        return Layout(tuple(given[file] for file in sorted(given)), tuple(sorted(errors)))


def _tracks(found: Sequence[files.Found]) -> list[Track]:
    """Return where each DAG file is one, in the same DAG folders; sorted, so that the list is a heap."""
    tracks: list[Track] = []
    under_way: dict[str, Track] = {}
    for position, (before, now) in enumerate(pairwise([files.Found([], [], []), *found])):
        if now is before:
            continue
        kept = set(before.files).intersection(now.files) if before.folders == now.folders else set()
        for file in under_way.keys() - kept:
            under_way.pop(file).end = position
        for file in sorted(set(now.files) - kept):
            under_way[file] = Track(position, file, len(found))
            tracks.append(under_way[file])
    return tracks


def dag_files(timeline: Timeline, objects: Objects, options: ReadOptions) -> list[files.Found]:
    """Return the DAG files of each tree of a row.

    Raises:
        SettingsError: an option names something outside of a tree.
        RepositoryError: a tree cannot be read.
    """
    found: list[files.Found] = []
    decisive = set(timeline.rearranged(_DECISIVE))
    for position, tree in enumerate(timeline.trees):
        found.append(files.found(AtRef(Committed(objects, tree)), options) if position in decisive else found[-1])
    return found
