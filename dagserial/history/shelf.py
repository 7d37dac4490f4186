"""Find what a DAG file gives in a tree among what it gave in others."""

from __future__ import annotations

import msgspec

from dagserial.history.memo import Memo
from dagserial.history.result import Brief, Ran, Result
from dagserial.history.view import View, fingerprint
from dagserial.sources.reading import Reads

_Marks = dict[bytes, int]


class Shelf:
    """Results of DAG files that one parser gave with the same options.

    Args:
        key: what stands for the parser and the options; None if nothing may be taken from another run, nor left to it.
    """

    def __init__(self, memo: Memo, key: bytes | None) -> None:
        self._memo = memo if key is not None else Memo()
        self._key = key or b""
        self._known: dict[str, list[tuple[Reads | None, _Marks]]] = {}
        self._briefs: dict[int, Brief] = {}

    def find(self, file: str, view: View) -> tuple[int, Reads | None] | None:
        """Return the number of what a file gives in a tree, and what of the tree decides; None if it is not known."""
        known = self._of(file)
        for at, (reads, marks) in enumerate(known):
            mark = fingerprint(reads, view)
            if mark in marks and self.brief(marks[mark]) is not None:
                known.insert(0, known.pop(at))  # the next tree is likely to be alike
                return marks[mark], reads
        return None

    def keep(self, file: str, ran: Ran, view: View) -> int:
        """Keep what a file gave in a tree; return its number."""
        mark = fingerprint(ran.reads, view) if ran.repeatable else None
        brief = ran.result.brief()
        id_ = self._memo.remember(
            self._key,
            file,
            None if mark is None else (mark, ran.reads),
            msgspec.msgpack.encode(brief),
            msgspec.msgpack.encode(ran.result),
        )
        self._briefs[id_] = brief
        if mark is not None:
            self._add(self._of(file), ran.reads, mark, id_)
        return id_

    def brief(self, id_: int) -> Brief | None:
        """Return what a number stands for, without the records; None if it is forgotten."""
        if id_ not in self._briefs:
            found = self._memo.brief(id_)
            if found is None:
                return None
            self._briefs[id_] = msgspec.msgpack.decode(found, type=Brief)
        return self._briefs[id_]

    def result(self, id_: int) -> Result | None:
        """Return what a number stands for; None if it is forgotten."""
        found = self._memo.body(id_)
        return None if found is None else msgspec.msgpack.decode(found, type=Result)

    def tree(self, tree: str) -> bytes | None:
        """Return what is known of a tree as a whole."""
        return self._memo.tree(self._key, tree)

    def keep_tree(self, tree: str, body: bytes) -> None:
        """Keep what is to be known of a tree as a whole."""
        self._memo.remember_tree(self._key, tree, body)

    def forget_tree(self, tree: str) -> None:
        """Forget what is known of a tree as a whole."""
        self._memo.forget_tree(self._key, tree)

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
