"""Say what is drawn: nodes, the boxes that they lie in, and edges between them."""

from collections.abc import Iterable
from typing import Literal

import msgspec

Kind = Literal["task", "asset", "group"]
"""What a node stands for; a group is a node where it is not opened as a box."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is drawn at one place.

    Attributes:
        id: unique among nodes.
        label: what stands on it, as it is; it is cut where it is too long.
        note: a second, smaller line; empty for none.
        title: what it is in full, for those who point at it or have it read to them; the label where empty.
        box: id of the box that it lies in; None at the root.
        classes: of the style, as a state or what became of it.
        marks: `setup` and `teardown`.
        stacked: it stands for several, as a mapped task does.
        href: where it leads; empty for nowhere.
    """

    id: str
    kind: Kind = "task"
    label: str
    note: str = ""
    title: str = ""
    box: str | None = None
    classes: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    stacked: bool = False
    href: str = ""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What nodes and other boxes lie in: an opened task group. Attributes as of `Node`, but for these.

    Attributes:
        parent: id of the box that it lies in; None at the root.
    """

    id: str
    label: str
    title: str = ""
    parent: str | None = None
    classes: tuple[str, ...] = ()
    stacked: bool = False
    href: str = ""


class Edge(msgspec.Struct, frozen=True):
    """A line from one node to another; there is one at most from a node to another.

    Attributes:
        tail: id of the upstream node.
        head: id of the downstream node.
        label: what stands on it.
        classes: of the style.
    """

    tail: str
    head: str
    label: str = ""
    classes: tuple[str, ...] = ()


class Graph(msgspec.Struct, frozen=True):
    """What is drawn together, each sort in order of its ids: the order in which it was found says nothing."""

    nodes: tuple[Node, ...] = ()
    boxes: tuple[Box, ...] = ()
    edges: tuple[Edge, ...] = ()


def graph(nodes: Iterable[Node], boxes: Iterable[Box] = (), edges: Iterable[Edge] = ()) -> Graph:
    """Return a graph of these, in whatever order they come.

    Edges without both of their nodes are left out; a box with nothing in it becomes a node.
    """
    opened = {box.id: box for box in boxes}
    found = {node.id: node for node in nodes}
    used = {node.box for node in found.values()} | {box.parent for box in opened.values()}
    for box in [box for box in opened.values() if box.id not in used]:
        found[box.id] = closed(opened.pop(box.id))
    lines = {(edge.tail, edge.head): edge for edge in edges if edge.tail != edge.head}
    return Graph(
        tuple(found[id_] for id_ in sorted(found)),
        tuple(opened[id_] for id_ in sorted(opened)),
        tuple(lines[ends] for ends in sorted(lines) if ends[0] in found and ends[1] in found),
    )


def closed(box: Box, note: str = "") -> Node:
    """Return the node that stands for a box."""
    return Node(
        id=box.id,
        kind="group",
        label=box.label,
        note=note,
        title=box.title,
        box=box.parent,
        classes=box.classes,
        stacked=box.stacked,
        href=box.href,
    )
