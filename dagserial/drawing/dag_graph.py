"""Make the graph of a DAG: its tasks, its groups as boxes, and the assets that it reads and writes."""

from collections.abc import Callable, Iterator

from dagserial.drawing.graph import Box, Edge, Graph, Node, graph
from dagserial.model import Dag, Group, Task
from dagserial.model.asset import assets

Link = Callable[[str], str]
"""Returns where the task of an id leads to; empty for nowhere."""


def graph_of(dag: Dag, *, link: Link | None = None, shown: Callable[[str], str] = str) -> Graph:
    """Return the graph of a DAG. An asset that is read and one that is written are nodes of their own.

    Args:
        shown: returns what is shown of the name of an asset, which may hold a secret.
    """
    nodes = [task_node(task_id, task, link(task_id) if link else "") for task_id, task in dag.tasks.items()]
    boxes = [group_box(group_id, group) for group_id, group in dag.groups.items()]
    edges = [
        Edge(before, task_id, task.labels.get(before, ""))
        for task_id, task in dag.tasks.items()
        for before in task.upstream
    ]
    taken = dag.tasks.keys() | dag.groups.keys()
    for node, edge in asset_nodes(dag, shown):
        if node.id not in taken:
            nodes.append(node)
            edges.append(edge)
    return graph(nodes, boxes, edges)


def task_node(task_id: str, task: Task, href: str = "", classes: tuple[str, ...] = ()) -> Node:
    """Return the node of a task; within a group it goes by what its id says beyond that of the group."""
    marks = tuple(mark for mark, holds in (("setup", task.setup), ("teardown", task.teardown)) if holds)
    mapped = ("mapped",) if task.mapping is not None else ()
    said = ", ".join([*marks, *mapped, task.operator.rpartition(".")[2]])
    return Node(
        id=task_id,
        label=short_id(task_id, task.group),
        title=f"{task_id} ({said})",
        box=task.group,
        marks=marks,
        stacked=task.mapping is not None,
        href=href,
        classes=classes,
    )


def group_box(group_id: str, group: Group, classes: tuple[str, ...] = ()) -> Box:
    """Return the box of a task group."""
    mapped = group.mapping is not None
    return Box(
        id=group_id,
        label=short_id(group_id, group.parent),
        title=f"{group_id} ({'mapped ' * mapped}group)",
        parent=group.parent,
        stacked=mapped,
        classes=classes,
    )


def short_id(id_: str, group_id: str | None) -> str:
    """Return what an id says beyond that of the group that it lies in.

    >>> short_id("load.check", "load"), short_id("check", "load")
    ('check', 'check')
    """
    rest = id_.removeprefix(f"{group_id}.")
    return rest or id_


def asset_nodes(dag: Dag, shown: Callable[[str], str] = str) -> Iterator[tuple[Node, Edge]]:
    """Yield a node and an edge for each asset that a task reads (`inlets`) or writes (`outlets`), by task."""
    for task_id in sorted(dag.tasks):
        args = dag.tasks[task_id].args
        for side in ("inlets", "outlets"):
            for kind, name in dict.fromkeys(assets(args.get(side))):
                id_ = f"\0{side}\0{kind}\0{name}"
                word = "read" if side == "inlets" else "written"
                said = shown(name)
                node = Node(id=id_, kind="asset", label=said, title=f"{said} (asset, {word})")
                ends = (id_, task_id) if side == "inlets" else (task_id, id_)
                yield node, Edge(*ends, classes=("data",))
