"""Make the graph of both versions of a DAG in one, with what became of each part."""

from collections.abc import Callable

import msgspec

from dagserial.diff.outputs.neighbourhood import Neighbourhood
from dagserial.drawing import Box, Edge, Graph, Node, graph, group_box, task_node
from dagserial.model import Dag

Link = Callable[[str], str]


def changes_graph(old: Dag | None, new: Dag | None, part: Neighbourhood, link: Link | None = None) -> Graph:
    """Return the graph of a part of a DAG: each task as the new version has it, or as the old one had it.

    Its classes are what became of it; boxes are the groups of those tasks.
    """
    nodes = [_node(old, new, part, task_id, link(task_id) if link else "") for task_id in part.tasks]
    boxes: dict[str, Box] = {}
    for node in nodes:
        around = node.box
        while around is not None and around not in boxes:
            boxes[around] = _box(old, new, around)
            around = boxes[around].parent
    edges = [Edge(tail, head, _label(old, new, tail, head), (fate,)) for (tail, head), fate in part.edges.items()]
    return graph(nodes, boxes.values(), edges)


def _node(old: Dag | None, new: Dag | None, part: Neighbourhood, task_id: str, href: str) -> Node:
    fate = part.tasks[task_id]
    for dag in (new, old):
        if dag is not None and task_id in dag.tasks:
            node = task_node(task_id, dag.tasks[task_id], href, (fate,))
            return msgspec.structs.replace(node, title=f"{task_id}: {fate}", box=_home(old, new, node.box))
    return Node(id=task_id, label=task_id, title=f"{task_id}: {fate}", href=href, classes=(fate,))


def _home(old: Dag | None, new: Dag | None, group_id: str | None) -> str | None:
    """Return the group that a task is drawn in; none where its id has become that of a task."""
    is_drawn = group_id is not None and not any(dag and group_id in dag.tasks for dag in (old, new))
    return group_id if is_drawn else None


def _box(old: Dag | None, new: Dag | None, group_id: str) -> Box:
    if new is not None and group_id in new.groups:
        fate = ("added",) if old is not None and group_id not in old.groups else ()
        box = group_box(group_id, new.groups[group_id], fate)
    else:
        assert old is not None  # one of the two versions has it
        box = group_box(group_id, old.groups[group_id], ("removed",) if new is not None else ())
    return msgspec.structs.replace(box, parent=_home(old, new, box.parent))


def _label(old: Dag | None, new: Dag | None, tail: str, head: str) -> str:
    for dag in (new, old):
        if dag is not None and head in dag.tasks and tail in dag.tasks[head].upstream:
            return dag.tasks[head].labels.get(tail, "")
    return ""
