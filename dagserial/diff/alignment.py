"""Say which items of two lists stand for each other."""

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile, zip_longest

from dagserial.canonical import settled_bytes
from dagserial.model import Value

Pair = tuple[int | None, int | None]
"""Where an item is in the old list and in the new one; None where it is not."""

_MOST_ITEMS = 2_000
_MOST_MATCHES = 100_000
"""Beyond these, lists are compared by index: `difflib` takes quadratic time."""


def is_reordered(before: list[Value], after: list[Value]) -> bool:
    """Tell whether two lists that differ hold the same items."""
    if len(before) != len(after):
        return False
    return sorted(map(settled_bytes, before)) == sorted(map(settled_bytes, after))


def aligned(before: list[Value], after: list[Value]) -> list[Pair]:
    """Return where two lists differ: items that are on one side only, and pairs of items at the same index.

    Items that are the same are aligned at any distance. Swapping the sides swaps the pairs.
    """
    old, new = [settled_bytes(item) for item in before], [settled_bytes(item) for item in after]
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    inner = old[start : len(old) - end], new[start : len(new) - end]
    if not inner[0] or not inner[1] or not _can_align(*inner):
        return list(_by_index(inner, start, start))
    if inner[0] <= inner[1]:  # difflib breaks ties by side; so each two lists are given to it in one order
        return list(_pairs(*inner, start))
    return [(at, to) for to, at in _pairs(inner[1], inner[0], start)]


def _common(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _can_align(old: list[bytes], new: list[bytes]) -> bool:
    if max(len(old), len(new)) > _MOST_ITEMS:
        return False
    counts = Counter(old), Counter(new)
    return 0 < sum(count * counts[1][item] for item, count in counts[0].items()) <= _MOST_MATCHES


def _pairs(old: list[bytes], new: list[bytes], start: int) -> Iterator[Pair]:
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _by_index((old[i1:i2], new[j1:j2]), start + i1, start + j1)


def _by_index(parts: tuple[list[bytes], list[bytes]], at: int, to: int) -> Iterator[Pair]:
    """Yield the differences of two parts of lists: item by item if they begin at one index, else each by itself."""
    if at != to:
        yield from ((at + index, None) for index in range(len(parts[0])))
        yield from ((None, to + index) for index in range(len(parts[1])))
        return
    for index, (old, new) in enumerate(zip_longest(*parts), at):
        if old != new:
            yield (None if old is None else index), (None if new is None else index)


def shifted(before: list[Value], after: list[Value]) -> tuple[list[list[int]], list[list[int]]]:
    """Return the runs of items that have another index, as first and last index on either side.

    >>> shifted(["a", "b"], ["x", "a", "b"])
    ([[0, 1]], [[1, 2]])
    """
    pairs = aligned(before, after)
    gone, come = {at for at, to in pairs if to is None}, {to for at, to in pairs if at is None}
    stayed = (index for index in range(len(before)) if index not in gone)
    now = (index for index in range(len(after)) if index not in come)
    runs: tuple[list[list[int]], list[list[int]]] = ([], [])
    for at, to in zip(stayed, now, strict=True):
        if at == to:
            continue
        if runs[0] and [runs[0][-1][1], runs[1][-1][1]] == [at - 1, to - 1]:
            runs[0][-1][1], runs[1][-1][1] = at, to
        else:
            runs[0].append([at, at])
            runs[1].append([to, to])
    return runs
