"""Draw graphs for pages: whole, with groups closed, as an overview, or through a window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from markupsafe import Markup

from dagserial.drawing import Graph, Layout, Rect, draw, draw_overview, fold, lay_out, outermost, within
from dagserial.web.asked import Asked

MOST_NODES = 1500
"""Nodes that are drawn with their texts; of a larger graph, groups are closed, or only an overview is drawn."""
_AT_FIRST = 500
"""Nodes that are drawn so before anybody asks for it: a browser takes half a second for a thousand."""

WINDOW = 1400, 800
"""Pixels of the part of a large graph that is drawn with its texts."""

Mode = Literal["tasks", "groups", "overview", "window"]
_Id = Annotated[str, msgspec.Meta(max_length=250)]
_Pixels = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]


class PictureQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a graph is drawn on a page.

    Attributes:
        graph: how much of it; None: as much as may be looked at at once.
        open: a group that is opened while others are closed, with those around it.
        x: the left edge of a window.
        y: the top of a window.
        zoom: percent.
    """

    graph: Mode | None = None
    open: _Id | None = None
    x: _Pixels = 0
    y: _Pixels = 0
    zoom: Annotated[int, msgspec.Meta(ge=10, le=400)] = 100


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A graph on a page.

    Attributes:
        svg: the picture.
        choices: other ways to draw it, by what they are called: where they are.
        moves: of a window, where the parts around it are.
        tasks: how many nodes the whole graph has.
    """

    svg: Markup
    mode: Mode
    tasks: int
    choices: Mapping[str, str]
    moves: Mapping[str, str]


def picture_of(asked: Asked, graph: Graph, title: str) -> Picture:
    """Return the picture of a graph as the request asks for it."""
    query: PictureQuery = asked.query
    mode = query.graph or _best(graph)
    if mode == "groups" and not graph.boxes:
        mode = "tasks"
    if mode == "tasks" and len(graph.nodes) > MOST_NODES:
        mode = "overview"
    shown = _closed(asked, graph, query.open) if mode == "groups" else graph
    layout = _laid_out(asked, shown)
    moves: dict[str, str] = {}
    if mode == "overview":
        drawn = draw_overview(shown, layout, title, lambda at: _window_url(asked, at.x - 40, at.y - 40))
    elif mode == "window":
        window = Rect(min(query.x, layout.width), min(query.y, layout.height), *WINDOW)
        moves = dict(_moves(asked, layout, window))
        drawn = draw(within(shown, layout, window), layout, title, window=window, zoom=query.zoom)
    else:
        drawn = draw(shown, layout, title, zoom=query.zoom)
    choices = _choices(asked, graph, mode)
    return Picture(svg=Markup(drawn), mode=mode, tasks=len(graph.nodes), choices=choices, moves=moves)


def _best(graph: Graph) -> Mode:
    if len(graph.nodes) <= _AT_FIRST:
        return "tasks"
    return "groups" if graph.boxes and len(fold(graph, outermost(graph)).nodes) <= _AT_FIRST else "overview"


def _closed(asked: Asked, graph: Graph, opened: str | None) -> Graph:
    """Return a graph whose groups are closed but for those around the one that is opened; groups lead to each other."""
    parents = {box.id: box.parent for box in graph.boxes}
    around = set()
    while opened in parents:
        around.add(opened)
        opened = parents[opened]
    found = fold(graph, [box.id for box in graph.boxes if box.id not in around])
    nodes = [
        msgspec.structs.replace(node, href=asked.here(graph="groups", open=node.id, x=None, y=None) + "#graph")
        if node.kind == "group"
        else node
        for node in found.nodes
    ]
    boxes = [
        msgspec.structs.replace(box, href=asked.here(graph="groups", open=box.parent, x=None, y=None) + "#graph")
        for box in found.boxes
    ]
    return Graph(tuple(nodes), tuple(boxes), found.edges)


def _laid_out(asked: Asked, graph: Graph) -> Layout:
    """Return the layout of a graph; it is remembered by all that it depends on, which links are not."""
    nodes = [(one.id, one.label, one.note, one.box, one.marks, one.stacked) for one in graph.nodes]
    boxes = [(one.id, one.parent) for one in graph.boxes]
    key = sha256(msgspec.msgpack.encode((nodes, boxes, graph.edges))).digest()
    found = asked.site.layouts.get(key)
    if found is None:
        found = lay_out(graph)
        asked.site.layouts.put(key, found, 400 * (len(graph.nodes) + len(graph.edges)))
    return found


def _choices(asked: Asked, graph: Graph, mode: Mode) -> dict[str, str]:
    offered: dict[Mode, str] = {}
    if len(graph.nodes) <= MOST_NODES:
        offered["tasks"] = "All tasks"
    if graph.boxes:
        offered["groups"] = "Groups closed"
    offered["overview"] = "Overview"
    return {
        words: asked.here(graph=other, open=None, x=None, y=None) + "#graph"
        for other, words in offered.items()
        if other != mode
    }


def _window_url(asked: Asked, x: int, y: int) -> str:
    return asked.here(graph="window", x=max(x, 0), y=max(y, 0), open=None) + "#graph"


def _moves(asked: Asked, layout: Layout, window: Rect) -> list[tuple[str, str]]:
    wide, high = WINDOW[0] * 3 // 4, WINDOW[1] * 3 // 4
    steps = {
        "Left": (-wide, 0, window.x > 0),
        "Right": (wide, 0, window.x + window.width < layout.width),
        "Up": (0, -high, window.y > 0),
        "Down": (0, high, window.y + window.height < layout.height),
    }
    return [
        (name, _window_url(asked, window.x + right, window.y + down))
        for name, (right, down, leads_on) in steps.items()
        if leads_on
    ]
