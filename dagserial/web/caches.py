"""Remember what is costly to make and never changes, within bounds."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Item = TypeVar("Item")


class BoundedCache(Generic[Key, Item]):
    """What was used last, as far as there is room; threads may share it.

    Args:
        room: what all items together may take.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._items: OrderedDict[Key, tuple[Item, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Item | None:
        """Return an item; None if it is not there, or not any more."""
        with self._lock:
            found = self._items.get(key)
            if found is None:
                return None
            self._items.move_to_end(key)
            return found[0]

    def put(self, key: Key, item: Item, size: int) -> None:
        """Keep an item, and forget those that were not used for longest; one that has no room at all is not kept."""
        if size > self._room // 4:
            return
        with self._lock:
            if (old := self._items.pop(key, None)) is not None:
                self._taken -= old[1]
            self._items[key] = item, size
            self._taken += size
            while self._taken > self._room:
                self._taken -= self._items.popitem(last=False)[1][1]

    @property
    def taken(self) -> int:
        """What the items take."""
        return self._taken
