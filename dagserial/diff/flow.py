"""Say what flows between the tasks of a DAG: the order alone, or data, too."""

from collections.abc import Iterator, Mapping

from dagserial.diff.dag_pair import mapping_values, read_tasks, task_values
from dagserial.diff.impact import Edge
from dagserial.model import Dag, Value
from dagserial.model.asset import assets

Flow = Mapping[str, Mapping[str, Edge]]
"""Edges by upstream and downstream task_id, both sorted."""


def flow_of(dag: Dag) -> Flow:
    """Return the edges of a DAG.

    An edge hands on data where the downstream task, or a mapped group around it, reads an XCom of the upstream one, or
    where an asset is an outlet of the one and an inlet of the other; then also if no order is declared between the two.
    """
    ordered: dict[tuple[str, str], Edge] = dict.fromkeys(_ordered(dag), "order")
    handed: dict[tuple[str, str], Edge] = dict.fromkeys(_handed(dag), "data")
    return _by_upstream(ordered | {ends: edge for ends, edge in handed.items() if ends[0] in dag.tasks})


def joined(old: Flow, new: Flow, names: Mapping[str, str]) -> Flow:
    """Return the edges of two versions of a DAG together.

    Args:
        names: the new ids of renamed tasks, by their old ones.
    """
    before = {
        (names.get(upstream, upstream), names.get(downstream, downstream)): edge
        for upstream, edges in old.items()
        for downstream, edge in edges.items()
    }
    after = {(upstream, downstream): edge for upstream, edges in new.items() for downstream, edge in edges.items()}
    handed: dict[tuple[str, str], Edge] = {ends: "data" for ends, edge in before.items() if edge == "data"}
    return _by_upstream(before | after | handed)


def _by_upstream(edges: Mapping[tuple[str, str], Edge]) -> Flow:
    found: dict[str, dict[str, Edge]] = {}
    for upstream, downstream in sorted(edges):
        if upstream != downstream:
            found.setdefault(upstream, {})[downstream] = edges[upstream, downstream]
    return found


def _ordered(dag: Dag) -> Iterator[tuple[str, str]]:
    return ((upstream, task_id) for task_id, task in dag.tasks.items() for upstream in task.upstream)


def _handed(dag: Dag) -> Iterator[tuple[str, str]]:
    around = _read_by_groups(dag)
    writers: dict[Value, list[str]] = {}
    for task_id, task in dag.tasks.items():
        for key in assets(task.args.get("outlets")):
            writers.setdefault(key, []).append(task_id)
    for task_id, task in dag.tasks.items():
        read = around.get(task.group, frozenset()).union(read_tasks(task_values(task)))
        yield from ((upstream, task_id) for upstream in read)
        for key in assets(task.args.get("inlets")):
            yield from ((upstream, task_id) for upstream in writers.get(key, ()))


def _read_by_groups(dag: Dag) -> dict[str | None, frozenset[str]]:
    """Return, by group, the tasks whose XComs it and the groups around it are given or mapped over."""
    found: dict[str | None, frozenset[str]] = {}
    for innermost in dag.groups:
        read: set[str] = set()
        at: str | None = innermost
        while at is not None:
            group = dag.groups[at]
            read.update(read_tasks([*group.args.values(), *mapping_values(group.mapping)]))
            at = group.parent
        found[innermost] = frozenset(read)
    return found
