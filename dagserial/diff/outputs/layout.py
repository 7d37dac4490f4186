"""Give the tasks of a graph their places: a column for each step of the longest way to them, rows within."""

from collections.abc import Iterable, Mapping

Place = tuple[int, int]
"""A column and a row, from 0."""


def places(tasks: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, Place]:
    """Return the place of each task, by task_id in the order given.

    An edge leads to a column further right, unless it closes a circle, as two versions of a DAG together may have one.
    Within a column, tasks stand by the mean row of what is upstream of them, then by id.

    >>> places("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    {'a': (0, 0), 'b': (1, 0), 'c': (2, 0)}
    """
    ids = list(tasks)
    upstream: dict[str, list[str]] = {task_id: [] for task_id in ids}
    for before, after in edges:
        upstream[after].append(before)
    columns = _columns(ids, upstream)
    rows: dict[str, int] = {}
    for column in range(max(columns.values(), default=-1) + 1):
        members = [task_id for task_id in ids if columns[task_id] == column]
        keys = {task_id: (_mean(upstream[task_id], rows), task_id) for task_id in members}
        rows |= {task_id: row for row, task_id in enumerate(sorted(members, key=keys.__getitem__))}
    return {task_id: (columns[task_id], rows[task_id]) for task_id in ids}


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


def _mean(upstream: list[str], rows: Mapping[str, int]) -> float:
    known = [rows[task_id] for task_id in upstream if task_id in rows]
    return sum(known) / len(known) if known else 0.0
