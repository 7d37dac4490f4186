"""Close boxes: what lies in one becomes one node."""

from collections import Counter
from collections.abc import Collection

import msgspec

from dagserial.drawing.graph import Edge, Graph, Node, closed, graph


def fold(whole: Graph, box_ids: Collection[str]) -> Graph:
    """Return a graph in which these boxes are nodes that say how many tasks they stand for.

    Edges from and to what lies in them lead from and to them; several between the same two become one, with what
    they have in common.
    """
    parents = {box.id: box.parent for box in whole.boxes}
    stands = {box.id: _outermost(box.id, parents, box_ids) for box in whole.boxes}
    inside = {node.id: stands[node.box] if node.box is not None else None for node in whole.nodes}
    counts = Counter(shut for node in whole.nodes if (shut := inside[node.id]) and node.kind == "task")
    nodes: list[Node] = [node for node in whole.nodes if inside[node.id] is None]
    nodes += [closed(box, _counted(counts[box.id])) for box in whole.boxes if stands[box.id] == box.id]
    edges: dict[tuple[str, str], Edge] = {}
    for edge in whole.edges:
        ends = inside[edge.tail] or edge.tail, inside[edge.head] or edge.head
        moved = Edge(*ends, edge.label, edge.classes)
        edges[ends] = _shared(edges[ends], moved) if ends in edges else moved
    return graph(nodes, [box for box in whole.boxes if stands[box.id] is None], edges.values())


def outermost(whole: Graph) -> list[str]:
    """Return the boxes that lie in no other."""
    return [box.id for box in whole.boxes if box.parent is None]


def _counted(count: int) -> str:
    return f"{count} task" if count == 1 else f"{count} tasks"


def _outermost(box_id: str, parents: dict[str, str | None], shut: Collection[str]) -> str | None:
    """Return the outermost of a box and those around it that is closed."""
    found = box_id if box_id in shut else None
    at = parents[box_id]
    while at is not None:
        found = at if at in shut else found
        at = parents[at]
    return found


def _shared(one: Edge, other: Edge) -> Edge:
    classes = tuple(name for name in one.classes if name in other.classes)
    return msgspec.structs.replace(one, label=one.label if one.label == other.label else "", classes=classes)
