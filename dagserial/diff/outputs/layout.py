"""Give the tasks of a graph their places: a column for each step of the longest way to them, rows within."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

Place = tuple[int, int]
"""A column and a row, from 0."""
Edge = tuple[str, str]
_Stop = tuple[Edge, int]
"""Where an edge that is longer than a column passes through one."""
_Node = str | _Stop

_MOST_STOPS = 2000
"""Above this, long edges pass where they may: rows for all of them would be too many to look at."""


class Layout(NamedTuple):
    """Where all is drawn.

    Attributes:
        tasks: the place of each task, by task_id in the order given.
        routes: for an edge that is longer than a column, the free places that it passes through, from left to right.
    """

    tasks: dict[str, Place]
    routes: dict[Edge, tuple[Place, ...]]


def lay_out(tasks: Iterable[str], edges: Iterable[Edge]) -> Layout:
    """Return the places of tasks and long edges.

    An edge leads to a column further right, unless it closes a circle, as two versions of a DAG together may have one.
    Within a column, tasks and long edges stand by the mean row of what is upstream of them, then tasks first, by id.

    >>> lay_out("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    Layout(tasks={'a': (0, 0), 'b': (1, 0), 'c': (2, 0)}, routes={('a', 'c'): ((1, 1),)})
    """
    ids, ends = list(tasks), list(edges)
    columns = _columns(ids, _upstream(ids, ends))
    ways = _ways(ends, columns)
    rows = _rows(ids, columns, ways)
    routes = {edge: tuple((stop[1], rows[stop]) for stop in way) for edge, way in ways.items() if way}
    return Layout({task_id: (columns[task_id], rows[task_id]) for task_id in ids}, routes)


def _rows(ids: list[str], columns: Mapping[str, int], ways: Mapping[Edge, list[_Stop]]) -> dict[_Node, int]:
    """Return the row of each task and each stop, one column after the other."""
    nodes: list[_Node] = [*ids, *(stop for way in ways.values() for stop in way)]
    before: dict[_Node, list[_Node]] = {node: [] for node in nodes}
    for (start, end), way in ways.items():
        chain: list[_Node] = [start, *way, end]
        for left, right in pairwise(chain):
            before[right].append(left)
    levels: list[list[_Node]] = [[] for _ in range(max(columns.values(), default=-1) + 1)]
    for node in nodes:
        levels[columns[node] if isinstance(node, str) else node[1]].append(node)
    rows: dict[_Node, int] = {}
    for level in levels:
        keys = {node: (_mean(before[node], rows), not isinstance(node, str), node) for node in level}
        rows |= {node: row for row, node in enumerate(sorted(level, key=keys.__getitem__))}
    return rows


def _upstream(ids: Iterable[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    upstream: dict[str, list[str]] = {task_id: [] for task_id in ids}
    for before, after in edges:
        upstream[after].append(before)
    return upstream


def _ways(edges: list[Edge], columns: Mapping[str, int]) -> dict[Edge, list[_Stop]]:
    """Return for each edge its stops in the columns between its ends."""
    found = {edge: [(edge, at) for at in range(columns[edge[0]] + 1, columns[edge[1]])] for edge in edges}
    return found if sum(map(len, found.values())) <= _MOST_STOPS else {edge: [] for edge in edges}


def _columns(ids: list[str], upstream: Mapping[str, list[str]]) -> dict[str, int]:
    waits = {task_id: len(before) for task_id, before in upstream.items()}
    downstream: dict[str, list[str]] = {task_id: [] for task_id in ids}
    for task_id, befores in upstream.items():
        for before in befores:
            downstream[before].append(task_id)
    columns: dict[str, int] = {}
    ready = [task_id for task_id in ids if not waits[task_id]]
    rest = iter(ids)
    while len(columns) < len(ids):
        task_id = ready.pop() if ready else next(one for one in rest if one not in columns)  # a circle, cut open
        if task_id in columns:
            continue
        columns[task_id] = max((columns[one] + 1 for one in upstream[task_id] if one in columns), default=0)
        for after in downstream[task_id]:
            waits[after] -= 1
            if not waits[after]:
                ready.append(after)
    return columns


def _mean(before: list[_Node], rows: Mapping[_Node, int]) -> float:
    known = [rows[node] for node in before if node in rows]
    return sum(known) / len(known) if known else 0.0
