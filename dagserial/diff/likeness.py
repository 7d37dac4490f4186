"""Pair the things of two sides that are most alike, by what they have in common."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from heapq import nsmallest
from itertools import groupby, product
from operator import itemgetter
from zlib import crc32

from dagserial.canonical import settled_bytes
from dagserial.model import Value

Features = frozenset[int]
"""What a thing says, cut into pieces, each as a number that every process gives it alike."""

MOST_FEATURES = 512
"""Of a thing that says more, those with the lowest numbers stand for all: which ones is chance, but the same chance."""

_COMMON = 24
"""A feature that more things of one side have than this tells none apart."""
_LONG_TEXT = 4_000
"""From so many characters on, a text is cut into lines and not into words."""
_WORDS = re.compile(r"\w+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAMED = frozenset({"callable", "class", "method"})
"""Tags of what has a dotted name; its last part alone counts, as much in one file shares the rest."""


def features_of(*paths_and_values: tuple[str, Value]) -> Features:
    """Return the features of some values, each under its own path.

    They are the words of texts, and the other values one by one; the order of a list says nothing here.
    """
    pieces: list[int] = []
    for path, value in paths_and_values:
        _collect(value, crc32(path.encode()), pieces)
    found = frozenset(pieces)
    return found if len(found) <= MOST_FEATURES else frozenset(nsmallest(MOST_FEATURES, found))


def _collect(value: Value, path: int, pieces: list[int]) -> None:
    """Add the features of a value under a path, which goes by its number."""
    if isinstance(value, str):
        pieces += [crc32(word.encode(), path) for word in _words(value) or [value]]
    elif isinstance(value, dict) and value:
        for key, item in value.items():
            if key == "$":
                continue  # what all values of a kind share
            is_name = key == "name" and value.get("$") in _NAMED and isinstance(item, str)
            _collect(item.rpartition(".")[2] if is_name else item, crc32(b"/" + key.encode(), path), pieces)
    elif isinstance(value, list) and value:
        for item in value:
            _collect(item, path, pieces)
    else:
        pieces.append(crc32(b"\0" + settled_bytes(value), path))


def _words(text: str) -> list[str]:
    if len(text) > _LONG_TEXT:
        return text.split("\n")
    return [text] if _DIGEST.fullmatch(text) else _WORDS.findall(text)


def unique_best(
    old: Mapping[str, Features], new: Mapping[str, Features], score: Callable[[str, str], float], least: float
) -> dict[str, tuple[str, float]]:
    """Pair things of two sides, each with the one that is most alike.

    Of two things that are equally alike to a third, none is paired: a tie is never guessed. Only what shares a feature
    that few have is scored, so that the time does not grow with the product of the sides. Swapping the sides swaps the
    pairs and changes nothing else.

    Args:
        score: from 0 to 1; the same from both sides.
        least: the lowest score of a pair.

    Returns:
        For an old thing, the new one with their score.
    """
    scored = ((score(before, after), before, after) for before, after in _candidates(old, new))
    return best_first(one for one in scored if one[0] >= least)


def best_first(scored: Iterable[tuple[float, str, str]]) -> dict[str, tuple[str, float]]:
    """Return the pairs, from the best scored on, whose sides no pair that is as good or better has.

    Args:
        scored: score, old and new.
    """
    found: dict[str, tuple[str, float]] = {}
    taken: tuple[set[str], set[str]] = (set(), set())
    for at, level in groupby(sorted(scored, reverse=True), key=itemgetter(0)):
        pairs = [(before, after) for _, before, after in level if before not in taken[0] and after not in taken[1]]
        found.update((before, (after, at)) for before, after in alone(pairs))
        for before, after in pairs:
            taken[0].add(before)
            taken[1].add(after)
    return found


def alone(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs neither of whose sides is in another pair."""
    unlike = list(dict.fromkeys(pairs))
    olds, news = Counter(before for before, _ in unlike), Counter(after for _, after in unlike)
    return [(before, after) for before, after in unlike if olds[before] == news[after] == 1]


def _candidates(old: Mapping[str, Features], new: Mapping[str, Features]) -> list[tuple[str, str]]:
    """Return the pairs that share the rarest features; of those of one thing, the better half by weight."""
    holders: dict[int, tuple[list[str], list[str]]] = {}
    for side, things in enumerate((old, new)):
        for thing, features in things.items():
            for feature in features:
                holders.setdefault(feature, ([], []))[side].append(thing)
    weights: Counter[tuple[str, str]] = Counter()
    for before, after in holders.values():
        if before and after and max(len(before), len(after)) <= _COMMON:
            weight = _COMMON**2 // (len(before) * len(after))
            for pair in product(before, after):
                weights[pair] += weight
    heaviest: dict[tuple[int, str], int] = {}
    for pair, weight in weights.items():
        for one in enumerate(pair):
            heaviest[one] = max(heaviest.get(one, 0), weight)
    return [pair for pair, weight in weights.items() if weight * 2 >= min(map(heaviest.__getitem__, enumerate(pair)))]


def common_share(old: Features, new: Features) -> tuple[int, int]:
    """Return how much two things have in common as a fraction; all of it where both say nothing."""
    common = len(old & new)
    return (common, len(old) + len(new) - common) if old or new else (1, 1)
