"""Put ids into an order in which each stands behind those that come before it."""

from collections.abc import Mapping
from graphlib import TopologicalSorter


def upstream_first(before: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the ids of a graph, each behind all its predecessors; chains of any length are no matter.

    Args:
        before: each id with its direct predecessors, which are ids too.

    Raises:
        graphlib.CycleError: the graph has a circle; its second argument is one.
    """
    order: list[str] = []
    done: set[str] = set()
    opened: set[str] = set()
    for last, predecessors in before.items():
        if last not in done and done.issuperset(predecessors):  # as most are, declared in that order
            done.add(last)
            order.append(last)
            continue
        waiting = [last]
        while waiting:
            one = waiting[-1]
            if not done.issuperset(before[one]):
                if one in opened:  # it waits for itself; the standard library, slower, names the circle
                    TopologicalSorter(before).prepare()
                opened.add(one)
                waiting += [name for name in before[one] if name not in done]
                continue
            waiting.pop()
            if one not in done:
                done.add(one)
                order.append(one)
    return order
