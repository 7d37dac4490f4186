"""Remember what is costly to make and never changes, within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """What was used last, up to a total weight. Threads may share it.

    Args:
        most: what all values together may weigh.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _K) -> _V | None:
        """Return a value; None if it is not there, or not any more."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: _K, value: _V, weight: int) -> None:
        """Remember a value, unless there is one; one that would drive out most others is not remembered."""
        if weight > self._most // 4:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = value, weight
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._kept.popitem(last=False)[1][1]
