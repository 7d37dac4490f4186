"""Work out what the DAG files of trees give: what is known is not run again, the rest runs on several processors."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import pairwise

import msgspec

from dagserial.history.at_ref import AtRef
from dagserial.history.bench import Work
from dagserial.history.committed import Committed
from dagserial.history.objects import Objects
from dagserial.history.result import Ran
from dagserial.history.shelf import Layout, Shelf
from dagserial.history.timeline import Timeline
from dagserial.history.tree import DECISIVE
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions, Reads

Start = Callable[[list[Work]], "Future[list[list[Ran]]]"]
"""Has DAG files run, one work after the other."""

_NONE = files.Found([], [], [])


class Track(msgspec.Struct, order=True):
    """A DAG file on its way through a row of trees, to the first in which it is none, or holds something else."""

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
        self._waiting = _tracks(found, timeline)
        self._all = sum(track.end - track.position for track in self._waiting)
        self._known = 0

    @property
    def part(self) -> float:
        """The part of what the DAG files give in all trees that is known, from 0 to 1."""
        return self._known / self._all if self._all else 1.0

    def go(self, start: Start, most: int, together: int, clock: Callable[[], int] = time.time_ns) -> Iterator[int]:
        """Have run what must run; iterate over the number of files that ran.

        Args:
            most: how many starts are under way at the same time.
            together: how many files at least are run with one start, if there are so many.
            clock: tells the moment, in nanoseconds; 0 if files outside of the tree are not those of this machine.

        Raises:
            SettingsError, RepositoryError, SandboxError: as a run does.
        """
        running: dict[Future[list[list[Ran]]], tuple[list[list[Track]], int]] = {}
        while self._waiting or running:
            while len(running) < most and (unknown := self._next(together)):
                since = clock()
                running[start([self._work(tracks) for tracks in unknown])] = unknown, since
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                unknown, since = running.pop(future)
                for tracks, found in zip(unknown, future.result(), strict=True):
                    for track, ran in zip(tracks, found, strict=True):
                        self._learn(track, ran, since)
                yield sum(map(len, unknown))

    def layouts(self) -> list[Layout]:
        """Return what the trees consist of, in their order."""
        return [self._layout(position) for position in range(len(self._timeline.trees))]

    def _next(self, together: int) -> list[list[Track]]:
        """Return DAG files of which it is not known what they give, those of one tree together."""
        found: list[list[Track]] = []
        while self._waiting and sum(map(len, found)) < together:
            if unknown := self._unknown():
                found.append(unknown)
        return found

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

    def _learn(self, track: Track, ran: Ran, since: int) -> None:
        id_ = self._shelf.keep(track.file, ran, self._timeline.view(track.position), since)
        # What time or memory ended is not tried again at each commit, but when the file itself has changed.
        was_ended = not ran.repeatable and ran.reads is None
        self._give(track, id_, Reads(contents=(track.file,)) if was_ended else ran.reads)
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


def _tracks(found: Sequence[files.Found], timeline: Timeline) -> list[Track]:
    """Return where each DAG file is one, in the same DAG folders and with the same content; sorted, so it is a heap."""
    tracks: list[Track] = []
    starts: dict[str, int] = {}
    for position, (before, now) in enumerate(pairwise([_NONE, *found, _NONE])):
        if now is before:
            continue
        kept = set(before.files).intersection(now.files) if before.folders == now.folders else set()
        for file in starts.keys() - kept:
            ends = [*timeline.changed(file, starts[file], position), position]
            tracks += (Track(start, file, end) for start, end in pairwise([starts.pop(file), *ends]))
        starts |= dict.fromkeys(set(now.files) - kept, position)
    return sorted(tracks)


def dag_files(timeline: Timeline, objects: Objects, options: ReadOptions) -> list[files.Found]:
    """Return the DAG files of each tree of a row.

    Raises:
        SettingsError: an option names something outside of a tree.
        RepositoryError: a tree cannot be read.
    """
    found: list[files.Found] = []
    decisive = timeline.rearranged(DECISIVE)
    passed: dict[bytes, bool] = {}
    for position, tree in enumerate(timeline.trees):
        if position in decisive:
            found.append(files.found(AtRef(Committed(objects, tree), passed), options))
        else:
            found.append(found[-1])
    return found
