"""Find what a DAG file gives in a tree among what it gave in others."""

from __future__ import annotations

import hashlib

import msgspec

from dagserial.history.memo import Memo
from dagserial.history.result import Brief, Ran, Result
from dagserial.history.view import View, fingerprint, nowhere
from dagserial.sources import outside
from dagserial.sources.reading import FileError, Reads

_Marks = dict[bytes, int]


class Layout(msgspec.Struct, frozen=True):
    """What a tree consists of.

    Attributes:
        results: the numbers that the shelf has for what the DAG files gave, by file.
        errors: files that did not run at all.
    """

    results: tuple[int, ...]
    errors: tuple[FileError, ...]


class _KeptLayout(msgspec.Struct, frozen=True):
    """A layout as it is kept: with what was looked at outside of the tree, and what says how that was."""

    layout: Layout
    outside: tuple[str, ...]
    mark: bytes


class Shelf:
    """Results of DAG files that one parser gave with the same options.

    What each result declares stays at hand once it was found or kept; its records may be forgotten at any time, as
    other processes share the memo. What was forgotten once is kept in memory from then on.

    Args:
        key: what stands for the parser and the options; None if nothing may be taken from another run, nor left to it.
    """

    def __init__(self, memo: Memo, key: bytes | None) -> None:
        self._memo = memo if key is not None else Memo()
        self._key = key or b""
        self._known: dict[str, list[tuple[Reads | None, _Marks]]] = {}
        self._briefs: dict[int, Brief] = {}
        self._files: dict[int, str] = {}
        self._forgotten: set[int] = set()
        self._unsafe: set[str] = set()
        self._outside: dict[int, tuple[str, ...]] = {}

    def find(self, file: str, view: View) -> tuple[int, Reads | None] | None:
        """Return the number of what a file gives in a tree, and what of the tree decides; None if it is not known."""
        known = self._of(file)
        for at, (reads, marks) in enumerate(known):
            id_ = marks.get(fingerprint(reads, view) or b"")
            if id_ is not None and self.has(id_):
                known.insert(0, known.pop(at))  # the next tree is likely to be alike
                self._note(file, id_, reads)
                return id_, reads
        return None

    def keep(self, file: str, ran: Ran, view: View, since: int) -> int:
        """Keep what a file gave in a tree; return its number.

        Args:
            since: when it began to run, or earlier, in nanoseconds of the clock; 0 if that was on another machine.
        """
        around = ran.reads.outside if ran.reads else ()
        is_safe = ran.repeatable and not outside.has_changed(around, view.root, since)
        mark = fingerprint(ran.reads, view) if is_safe else None
        brief = ran.result.brief()
        id_ = self._memo.remember(
            self._key,
            file,
            None if mark is None or file in self._unsafe else (mark, ran.reads),
            msgspec.msgpack.encode(brief),
            msgspec.msgpack.encode(ran.result),
        )
        self._briefs[id_] = brief
        self._note(file, id_, ran.reads)
        if mark is not None:
            self._add(self._of(file), ran.reads, mark, id_)
        return id_

    def has(self, id_: int) -> bool:
        """Tell whether it is known what a number stands for; if so, its `brief` is there from now on."""
        if id_ in self._forgotten:
            return False
        if id_ not in self._briefs:
            found = self._memo.brief(id_)
            if found is None:
                return False
            self._briefs[id_] = msgspec.msgpack.decode(found, type=Brief)
        return True

    def brief(self, id_: int) -> Brief:
        """Return what a number stands for that was found or kept here, without the records."""
        return self._briefs[id_]

    def result(self, id_: int) -> Result | None:
        """Return what a number stands for; None if it is forgotten, and it is not found any more then."""
        found = self._memo.body(id_)
        if found is not None:
            return msgspec.msgpack.decode(found, type=Result)
        self._forgotten.add(id_)
        self._unsafe.add(self._files.get(id_, ""))
        return None

    def layout(self, tree: str) -> Layout | None:
        """Return what a tree consists of, if that is known, and what was looked at outside of it is as it was."""
        found = self._memo.tree(self._key, tree)
        if found is None:
            return None
        kept = msgspec.msgpack.decode(found, type=_KeptLayout)
        is_good = kept.mark == _mark(kept.outside) and all(map(self.has, kept.layout.results))
        return kept.layout if is_good else None

    def keep_layout(self, tree: str, layout: Layout, since: int) -> None:
        """Keep what a tree consists of, if others may have all of that.

        Args:
            since: when the first of its results was found or began to run, in nanoseconds of the clock.
        """
        if all(id_ in self._outside for id_ in layout.results):
            around = tuple(sorted({name for id_ in layout.results for name in self._outside[id_]}))
            if not outside.has_changed(around, nowhere(), since):
                kept = _KeptLayout(layout, around, _mark(around))
                self._memo.remember_tree(self._key, tree, msgspec.msgpack.encode(kept))

    def _note(self, file: str, id_: int, reads: Reads | None) -> None:
        self._files[id_] = file
        if id_ > 0:
            self._outside[id_] = reads.outside if reads else ()

    def _of(self, file: str) -> list[tuple[Reads | None, _Marks]]:
        if file not in self._known:
            self._known[file] = []
            for known in reversed(self._memo.known(self._key, file)):
                self._add(self._known[file], known.reads, known.mark, known.id)
        return self._known[file]

    @staticmethod
    def _add(known: list[tuple[Reads | None, _Marks]], reads: Reads | None, mark: bytes, id_: int) -> None:
        for other, marks in known:
            if other == reads:
                marks[mark] = id_
                return
        known.insert(0, (reads, {mark: id_}))


def _mark(around: tuple[str, ...]) -> bytes:
    """Return what says how things outside of trees are now."""
    states = [outside.state(name, nowhere()) for name in around]
    return hashlib.sha256(repr(states).encode()).digest()
