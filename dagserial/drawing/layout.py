"""Lay a graph out: columns from left to right, boxes around what lies in them, edges round what lies between."""

from collections.abc import Sequence as Sequence_
from itertools import pairwise
from typing import NamedTuple

from dagserial.drawing.columns import Line, columns_of, forward
from dagserial.drawing.graph import Edge, Graph, Node
from dagserial.drawing.passages import LABEL_HEIGHT, Way, lead
from dagserial.drawing.places import ROOT, Nest, Places, keep_open, nested
from dagserial.drawing.rows import BOTTOM, TOP, rows_of, squeezed
from dagserial.drawing.sequence import Sequence
from dagserial.drawing.wording import CELL, cells

MARGIN = 8
_BETWEEN = 14
"""Pixels between nodes of a column."""
_GAP = 44
"""Pixels between columns, in which edges turn."""
_SIDE = 12
"""Pixels that a box takes left and right of what lies in it."""
_LEAST, _MOST = 76, 228
_HEIGHT, _NOTED = 30, 44
_STACK = 6
"""Pixels by which the sheets of a stack show."""

Ends = tuple[str, str]
Point = tuple[int, int]


class Rect(NamedTuple):
    """Where something is drawn, in pixels."""

    x: int
    y: int
    width: int
    height: int


class Route(NamedTuple):
    """How an edge runs.

    Attributes:
        points: from its tail to its head, in pairs: it turns between the columns, from the first point of each pair to
            the second, and runs level within them.
        label: the middle of its label; None if it has none.
    """

    points: tuple[Point, ...]
    label: Point | None


class Layout(NamedTuple):
    """Where all is drawn: nodes and boxes by id, edges by their ends; stacks with all their sheets."""

    width: int
    height: int
    nodes: dict[str, Rect]
    boxes: dict[str, Rect]
    routes: dict[Ends, Route]


def lay_out(graph: Graph) -> Layout:
    """Return where all of a graph is drawn: always the same for the same graph.

    An edge leads to the right, unless it closes a circle. What lies in one box stands together; boxes overlap nothing
    that does not lie in them. Edges pass beside nodes, but for the longest of a graph of very many.
    """
    numbers = {node.id: number for number, node in enumerate(graph.nodes)}
    boxes = {box.id: number for number, box in enumerate(graph.boxes)}
    count = len(graph.nodes)
    lines, turned = forward(count, [_line(edge, numbers) for edge in graph.edges])
    columns = columns_of(count, lines)
    homes = [ROOT if node.box is None else boxes[node.box] for node in graph.nodes]
    parents = [ROOT if box.parent is None else boxes[box.parent] for box in graph.boxes]
    nest = nested(parents, homes, columns)
    places = Places(columns, homes, [height_of(node) + _BETWEEN for node in graph.nodes])
    places.left, places.right = [[] for _ in columns], [[] for _ in columns]
    ways = [
        Way(tail, head, " ".join(edge.classes) + " turned" * (number in turned), bool(edge.label))
        for number, (edge, (tail, head, _)) in enumerate(zip(graph.edges, lines, strict=True))
    ]
    led = lead(places, nest, ways)
    keep_open(places, nest)
    sequence = Sequence(places, nest)
    sequence.improve()
    middles = rows_of(places, nest, sequence.layers, count, (sequence.keys, sequence.box_keys))
    return _Page(graph, places, nest, middles, ways, led).layout(turned)


def _line(edge: Edge, numbers: dict[str, int]) -> Line:
    return numbers[edge.tail], numbers[edge.head], 2 if edge.label else 1


def height_of(node: Node) -> int:
    """Return the height of a node, with all sheets if it is a stack."""
    return (_NOTED if node.note else _HEIGHT) + _STACK * node.stacked


class _Page:
    """Turns columns and middles into pixels."""

    def __init__(
        self,
        graph: Graph,
        places: Places,
        nest: Nest,
        middles: list[float],
        ways: Sequence_[Way],
        led: Sequence_[tuple[int, ...]],
    ) -> None:
        self._graph, self._places, self._nest, self._ways, self._led = graph, places, nest, ways, led
        self._count = len(graph.nodes)
        self._left_inset, self._right_inset = _insets(nest)
        self._widths = self._column_widths()
        self._lefts = self._column_lefts()
        middles = self._squeezed(middles)
        spans = self._box_spans(middles)
        tops = [middles[one] - places.heights[one] / 2 for one in range(self._count)]
        top = min([*tops, *(span[0] for span in spans)], default=0)
        self._shift = MARGIN - top
        self._middles = [round(middle + self._shift) for middle in middles]
        self._boxes = [
            self._box(box, round(above + self._shift), round(below + self._shift))
            for box, (above, below) in enumerate(spans)
        ]

    def _squeezed(self, middles: list[float]) -> list[float]:
        half = _BETWEEN / 2
        taken = [(above - half, below + half) for above, below in self._box_spans(middles)]
        for middle, height in zip(middles, self._places.heights, strict=True):
            taken.append((middle - height / 2, middle + height / 2))
        goes = squeezed(taken)
        return [goes(middle) for middle in middles]

    def layout(self, turned: set[int]) -> Layout:
        nodes = {node.id: self._rect(number, node) for number, node in enumerate(self._graph.nodes)}
        boxes = {box.id: self._boxes[number] for number, box in enumerate(self._graph.boxes)}
        routes = {}
        for number, edge in enumerate(self._graph.edges):
            route = self._route(self._ways[number], self._led[number])
            routes[edge.tail, edge.head] = route._replace(points=route.points[::-1]) if number in turned else route
        drawn = [*nodes.values(), *boxes.values()]
        passed = [y for route in routes.values() for _, y in route.points]
        width = max((rect.x + rect.width for rect in drawn), default=0) + MARGIN
        height = max([*(rect.y + rect.height for rect in drawn), *passed, 0]) + MARGIN
        above = min([0, *(y - MARGIN for y in passed)])
        found = Layout(width, height, nodes, boxes, routes)
        return _moved(found, -above) if above else found

    def _rect(self, number: int, node: Node) -> Rect:
        column, height = self._places.columns[number], height_of(node)
        return Rect(self._lefts[column], self._middles[number] - height // 2, self._widths[column], height)

    def _route(self, way: Way, passages: tuple[int, ...]) -> Route:
        columns = self._places.columns
        points = [(self._right(columns[way.tail]), self._middles[way.tail])]
        label = None
        for place in passages:
            left, right = self._lefts[columns[place]], self._right(columns[place])
            points += [(left, self._middles[place]), (right, self._middles[place])]
            if self._bears(way, place):
                label = (left + right) // 2, self._middles[place]
        points.append((self._lefts[columns[way.head]], self._middles[way.head]))
        return Route(tuple(points), label)

    def _bears(self, way: Way, place: int) -> bool:
        """Return whether a passage is the one that bears the label of its edge."""
        return way.labelled and self._places.heights[place] == LABEL_HEIGHT

    def _right(self, column: int) -> int:
        return self._lefts[column] + self._widths[column]

    def _column_widths(self) -> list[int]:
        wide = [0] * (max(self._places.columns, default=-1) + 1)
        for number, node in enumerate(self._graph.nodes):
            column = self._places.columns[number]
            wide[column] = max(wide[column], cells(node.label) + 3 * len(node.marks), cells(node.note))
        for edge, way, passages in zip(self._graph.edges, self._ways, self._led, strict=True):
            for place in passages if way.labelled else ():
                column = self._places.columns[place]
                wide[column] = max(wide[column], cells(edge.label) * self._bears(way, place))
        return [min(max(round(most * CELL) + 20, _LEAST), _MOST) for most in wide]

    def _column_lefts(self) -> list[int]:
        count = len(self._widths)
        begins, ends = [0] * (count + 1), [0] * (count + 1)
        for box, level in enumerate(self._left_inset):
            begins[self._nest.first[box]] = max(begins[self._nest.first[box]], level)
        for box, level in enumerate(self._right_inset):
            ends[self._nest.last[box]] = max(ends[self._nest.last[box]], level)
        lefts, at = [], MARGIN + begins[0] * _SIDE
        for column, width in enumerate(self._widths):
            lefts.append(at)
            at += width + _GAP + (ends[column] + begins[column + 1]) * _SIDE
        return lefts

    def _box_spans(self, middles: list[float]) -> list[tuple[float, float]]:
        """Return the top and the bottom of each box: as near around what lies in it as it may be."""
        spans = [(float("inf"), float("-inf"))] * len(self._nest.parents)
        for place, home in enumerate(self._places.homes):
            half = self._places.heights[place] / 2
            if home != ROOT and half:
                spans[home] = min(spans[home][0], middles[place] - half), max(spans[home][1], middles[place] + half)
        for box in sorted(range(len(spans)), key=lambda one: -len(self._nest.around(one))):
            above, below = spans[box][0] - TOP + _BETWEEN // 2, spans[box][1] + BOTTOM - _BETWEEN // 2
            spans[box] = above, below
            if (outer := self._nest.parents[box]) != ROOT:
                half = _BETWEEN / 2
                spans[outer] = min(spans[outer][0], above - half), max(spans[outer][1], below + half)
        return spans

    def _box(self, box: int, above: int, below: int) -> Rect:
        left = self._lefts[self._nest.first[box]] - _SIDE * self._left_inset[box]
        right = self._right(self._nest.last[box]) + _SIDE * self._right_inset[box]
        return Rect(left, above, right - left, below - above)


def _insets(nest: Nest) -> tuple[list[int], list[int]]:
    """Return how many boxes, itself included, each has inside it that begin where it begins, and end where it ends."""
    lefts, rights = [1] * len(nest.parents), [1] * len(nest.parents)
    for box in range(len(nest.parents)):
        for inner, outer in pairwise(nest.around(box)):
            if nest.first[inner] == nest.first[outer]:
                lefts[outer] = max(lefts[outer], lefts[inner] + 1)
            if nest.last[inner] == nest.last[outer]:
                rights[outer] = max(rights[outer], rights[inner] + 1)
    return lefts, rights


def _moved(layout: Layout, down: int) -> Layout:
    return Layout(
        layout.width,
        layout.height + down,
        {id_: rect._replace(y=rect.y + down) for id_, rect in layout.nodes.items()},
        {id_: rect._replace(y=rect.y + down) for id_, rect in layout.boxes.items()},
        {
            ends: Route(
                tuple((x, y + down) for x, y in route.points),
                route.label and (route.label[0], route.label[1] + down),
            )
            for ends, route in layout.routes.items()
        },
    )
