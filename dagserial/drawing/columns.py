"""Give each node a column, so that edges lead to the right."""

from collections.abc import Iterable, Sequence

Line = tuple[int, int, int]
"""Tail, head, and how many columns it takes at least."""

_PASSES, _MOST_TOGETHER = 3, 50
"""How often moving nodes to the right is tried, and how many at most move at once: more make lines little shorter."""


def forward(count: int, lines: Sequence[Line]) -> tuple[list[Line], set[int]]:
    """Return the lines with those turned round that close a circle, and which were turned.

    Circles are in no DAG, but two of its versions together may have one.
    """
    if len(_upstream_first(count, lines)) == count:
        return list(lines), set()
    after: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, (tail, head, _) in enumerate(lines):
        after[tail].append((head, number))
    turned = _closing(count, after)
    return [(h, t, least) if at in turned else (t, h, least) for at, (t, h, least) in enumerate(lines)], turned


def _closing(count: int, after: list[list[tuple[int, int]]]) -> set[int]:
    """Return the lines that lead back to where a walk along the lines came from."""
    met, left = [False] * count, [False] * count
    found: set[int] = set()
    for start in range(count):
        walk = [] if met[start] else [(start, iter(after[start]))]
        met[start] = True
        while walk:
            node, rest = walk[-1]
            step = next(rest, None)
            if step is None:
                left[node] = True
                walk.pop()
            elif not met[step[0]]:
                met[step[0]] = True
                walk.append((step[0], iter(after[step[0]])))
            elif not left[step[0]]:
                found.add(step[1])
    return found


def columns_of(count: int, lines: Sequence[Line]) -> list[int]:
    """Return the column of each node, from 0: as far left as it goes, but near what follows if more does.

    >>> columns_of(4, [(0, 1, 1), (1, 2, 1), (3, 2, 1)])
    [0, 1, 2, 1]
    """
    after: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for tail, head, least in lines:
        after[tail].append((head, least))
        before[head].append(tail)
    order = _upstream_first(count, lines)
    columns = [0] * count
    for node in order:
        start = columns[node]
        for head, least in after[node]:
            if columns[head] < start + least:
                columns[head] = start + least
    for _ in range(_PASSES):
        if not sum([_move(node, columns, after, before) for node in reversed(order)]):
            break
    first = min(columns, default=0)
    return [column - first for column in columns]


def _move(node: int, columns: list[int], after: list[list[tuple[int, int]]], before: list[list[int]]) -> bool:
    """Move a node to the right, with all that it pushes, if that makes lines shorter in all; tell whether it did."""
    group = {node}
    walk = [node]
    while walk:
        one = walk.pop()
        for head, least in after[one]:
            if columns[head] == columns[one] + least and head not in group:
                group.add(head)
                walk.append(head)
                if len(group) > _MOST_TOGETHER:
                    return False
    room = [columns[head] - columns[one] - least for one in group for head, least in after[one] if head not in group]
    longer = sum([tail not in group for one in group for tail in before[one]])
    if len(room) <= longer:
        return False
    far = min(room)
    for one in group:
        columns[one] += far
    return True


def _upstream_first(count: int, lines: Iterable[Line]) -> list[int]:
    """Return the nodes, each behind those upstream of it; without those in circles and behind them."""
    waits = [0] * count
    after: list[list[int]] = [[] for _ in range(count)]
    for tail, head, _ in lines:
        waits[head] += 1
        after[tail].append(head)
    order = [node for node in range(count) if not waits[node]]
    for node in order:  # grows while it is walked
        for head in after[node]:
            waits[head] -= 1
            if not waits[head]:
                order.append(head)
    return order
