"""Hold the tasks or groups of one side of a comparison, and parse those that are looked at."""

from collections.abc import Iterator, Mapping, Set
from itertools import compress
from operator import ne
from typing import Any

import msgspec

from dagserial.model import Value


class Entries(Mapping[str, dict[str, Value]]):
    """The tasks or groups of a record, by id; each is parsed when it is first asked for.

    Attributes:
        pieces: the bytes of each.
    """

    def __init__(self, pieces: dict[str, msgspec.Raw]) -> None:
        self.pieces = pieces
        self._parsed: dict[str, dict[str, Any]] = {}

    def __getitem__(self, entry_id: str) -> dict[str, Any]:
        found = self._parsed.get(entry_id)
        if found is None:
            found = self._parsed[entry_id] = msgspec.json.decode(self.pieces[entry_id])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self.pieces


class Sides:
    """The tasks or the groups of both sides.

    Attributes:
        old: those of the old side.
        new: those of the new side.
        gone: ids of the old side alone.
        come: ids of the new side alone.
        differing: ids of both sides whose bytes differ.
    """

    def __init__(self, old: dict[str, msgspec.Raw], new: dict[str, msgspec.Raw]) -> None:
        self.old, self.new = Entries(old), Entries(new)
        self.gone: Set[str] = frozenset()
        self.come: Set[str] = frozenset()
        if list(old) == list(new):  # as in most diffs, which are then read at the speed of C
            self.differing = list(compress(old, map(ne, old.values(), new.values())))
            return
        self.gone, self.come = old.keys() - new.keys(), new.keys() - old.keys()
        self.differing = [one for one, piece in new.items() if one in old and old[one] != piece]
