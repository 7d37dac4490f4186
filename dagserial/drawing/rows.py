"""Give the places of a drawing their heights on the page, so that edges run straight where they can."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from dagserial.drawing.places import ROOT, Nest, Places

TOP, BOTTOM = 28, 12
"""Pixels that a box takes above what lies in it, for its label, and below."""

_SWEEPS = 3
_SETTLING = 3
_PASSAGE_WEIGHT = 4.0

Event = tuple[int, int]
"""A place that is met (0, place), a box that begins (1, box) or ends (2, box), from top to bottom."""


def rows_of(
    places: Places, nest: Nest, layers: Sequence[list[int]], count: int, order: tuple[list[float], list[float]]
) -> list[float]:
    """Return the middle of each place; those of a column keep their order and their distance.

    Args:
        layers: the places of each column, from top to bottom.
        count: how many places are nodes; the others are passages, which would rather be straight.
        order: the keys of places and of boxes, by which all columns agree.
    """
    middles = [0.0] * len(places.columns)
    apart = [_distances(places, nest, layer) for layer in layers]
    for layer, distances in zip(layers, apart, strict=True):
        _stack(layer, distances, middles)
    weights = [1.0] * count + [_PASSAGE_WEIGHT] * (len(middles) - count)
    events = list(_events(places, nest, layers, *order)) if nest.parents else []
    for _ in range(_SETTLING if events else 1):
        for _ in range(_SWEEPS):
            for number, layer in enumerate(layers):
                _settle(layer, apart[number], places.left, middles, weights)
            for number in range(len(layers) - 1, -1, -1):
                _settle(layers[number], apart[number], places.right, middles, weights)
        if events:
            middles = _parted(places, nest, events, middles)
    return middles


def squeezed(taken: Iterable[tuple[float, float]]) -> Callable[[float], float]:
    """Return where each height goes once the strips are gone in which nothing stands across the whole width.

    Args:
        taken: from which height to which something stands.
    """
    starts, removed = [float("-inf")], [0.0]
    reached: float | None = None
    for above, below in sorted(taken):
        if reached is not None and above > reached:
            starts.append(above)
            removed.append(removed[-1] + above - reached)
        reached = below if reached is None else max(reached, below)
    return lambda height: height - removed[bisect_right(starts, height) - 1]


def _distances(places: Places, nest: Nest, layer: list[int]) -> list[float]:
    """Return how far below the one before it each place of a column must be, from middle to middle."""
    found = [0.0]
    heights, homes = places.heights, places.homes
    for above, below in pairwise(layer):
        far = (heights[above] + heights[below]) / 2
        if homes[above] != homes[below]:
            out, into = set(nest.around(homes[above])), set(nest.around(homes[below]))
            far += BOTTOM * len(out - into) + TOP * len(into - out)
        found.append(far)
    return found


def _stack(layer: list[int], distances: list[float], middles: list[float]) -> None:
    at = -sum(distances) / 2
    for place, distance in zip(layer, distances, strict=True):
        at += distance
        middles[place] = at


def _settle(
    layer: list[int], distances: list[float], neighbours: list[list[int]], middles: list[float], weights: list[float]
) -> None:
    """Move the places of a column as near as may be to the mean of their neighbours: pool adjacent violators."""
    starts: list[float] = []
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    start = 0.0
    for place, distance in zip(layer, distances, strict=True):
        start += distance
        starts.append(start)
        near = neighbours[place]
        if len(near) == 1:
            wish = middles[near[0]]
        else:
            wish = sum([middles[one] for one in near]) / len(near) if near else middles[place]
        mean, weight, size = wish - start, weights[place] if near else 0.25, 1
        while pools and pools[-1][0] > mean:
            other, heavy, many = pools.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, size = weight + heavy, size + many
        pools.append((mean, weight, size))
    number = 0
    for mean, _, size in pools:
        for _ in range(size):
            middles[layer[number]] = starts[number] + mean
            number += 1


def _events(
    places: Places, nest: Nest, layers: Sequence[list[int]], keys: list[float], box_keys: list[float]
) -> Iterator[Event]:
    """Yield all places and boxes from top to bottom, in an order of which each column's is a part."""
    inside: dict[int, list[tuple[float, int, int, Event]]] = {box: [] for box in (ROOT, *range(len(nest.parents)))}
    for layer in layers:
        for number, place in enumerate(layer):
            inside[places.homes[place]].append((keys[place], 1, number, (0, place)))
    for box, parent in enumerate(nest.parents):
        inside[parent].append((box_keys[box], 0, box, (1, box)))
    walk = [event for _, _, _, event in sorted(inside[ROOT], reverse=True)]
    while walk:
        event = walk.pop()
        yield event
        if event[0] == 1:
            walk += [(2, event[1]), *(one for _, _, _, one in sorted(inside[event[1]], reverse=True))]


def _parted(places: Places, nest: Nest, events: list[Event], middles: list[float]) -> list[float]:
    """Return middles near those given at which no box overlaps what does not lie in it.

    That is the mean of pushing all down and of pushing all up as far as needed: as each of the two keeps its distances
    and the order, so does the mean.
    """
    down = _pushed(places, nest, events, middles, (TOP, BOTTOM))
    turned = [(0, one) if kind == 0 else (3 - kind, one) for kind, one in reversed(events)]
    up = _pushed(places, nest, turned, [-middle for middle in middles], (BOTTOM, TOP))
    return [(one - other) / 2 for one, other in zip(down, up, strict=True)]


def _pushed(
    places: Places, nest: Nest, events: list[Event], middles: list[float], pads: tuple[int, int]
) -> list[float]:
    found = list(middles)
    edge = [float("-inf")] * (max(places.columns, default=-1) + 1)
    for kind, one in events:
        if kind == 0:
            column, half = places.columns[one], places.heights[one] / 2
            found[one] = max(middles[one], edge[column] + half)
            edge[column] = found[one] + half
        else:
            span = range(nest.first[one], nest.last[one] + 1)
            reached = max(edge[column] for column in span) + pads[kind - 1]
            for column in span:
                edge[column] = reached
    return found
