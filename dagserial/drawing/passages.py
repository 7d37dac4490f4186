"""Lead long edges through the columns between their ends."""

from collections.abc import Sequence
from typing import NamedTuple

from dagserial.drawing.places import ROOT, Nest, Places

MOST_PASSAGES = 30_000
"""Above this, the longest edges pass where they may: room for all of them would be too much to look at."""

_HEIGHT = 12
LABEL_HEIGHT = 24
"""Pixels of a passage that bears a label."""


class Way(NamedTuple):
    """What is to be led: from where to where, what it looks like, and whether it carries a label."""

    tail: int
    head: int
    look: str
    labelled: bool


def lead(places: Places, nest: Nest, ways: Sequence[Way]) -> list[tuple[int, ...]]:
    """Make room for the passages of each way, join them, and return them from left to right.

    Edges of one look that leave one node share their passages as far as they go together. One stays in the box of its
    tail as far as that reaches, then passes between boxes, and enters the box of its head where that begins.
    """
    known: dict[tuple[int, str, int, int], int] = {}
    led: list[tuple[int, ...]] = [()] * len(ways)
    room = MOST_PASSAGES
    lengths = [places.columns[way.head] - places.columns[way.tail] - 1 for way in ways]
    for number in sorted(range(len(ways)), key=lambda one: (lengths[one], one)):
        way = ways[number]
        room -= lengths[number]
        if lengths[number] and room >= 0:
            led[number] = tuple(_passages(places, nest, way, known))
        before = way.tail
        for place in led[number]:
            places.join(before, place)
            before = place
        if lengths[number] == 0 or led[number]:
            places.join(before, way.head)
    return led


def _passages(places: Places, nest: Nest, way: Way, known: dict[tuple[int, str, int, int], int]) -> list[int]:
    first, last = places.columns[way.tail] + 1, places.columns[way.head]
    out, into, between = _boxes_on_the_way(nest, places.homes[way.tail], places.homes[way.head])
    labelled = (first + last - 1) // 2 if way.labelled else -1
    found = []
    for column in range(first, last):
        home = next((box for box in (*out, *into) if nest.first[box] <= column <= nest.last[box]), between)
        key = way.tail, f"{way.look} {way.head}" if way.labelled else way.look, column, home
        if key not in known:
            known[key] = places.add(column, home, LABEL_HEIGHT if column == labelled else _HEIGHT)
        found.append(known[key])
    return found


def _boxes_on_the_way(nest: Nest, tail: int, head: int) -> tuple[list[int], list[int], int]:
    """Return the boxes around the tail alone, those around the head alone, and the innermost around both."""
    if tail == head:
        return [], [], tail
    out, into = nest.around(tail), nest.around(head)
    both = set(out) & set(into)
    shared = next((box for box in out if box in both), ROOT)
    return [box for box in out if box not in both], [box for box in into if box not in both], shared
