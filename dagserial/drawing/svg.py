"""Draw a graph as SVG, for a page whose style knows the classes."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from dagserial.drawing.graph import Box, Edge, Graph, Node
from dagserial.drawing.layout import Layout, Point, Rect, Route
from dagserial.drawing.wording import CELL, fitted
from dagserial.model.display import printable

STYLE = Path(__file__).with_name("graph.css")
"""What gives the classes their look, light and dark."""

_NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
_TIP = 6
_SHEET = 3
_MOST_PATHS = 300
"""Edges that are drawn one by one."""


def draw(
    graph: Graph, layout: Layout, title: str, *, alone: bool = False, window: Rect | None = None, zoom: int = 100
) -> str:
    """Return an `svg` element of a graph: boxes, then edges, then nodes.

    Nodes have the class of their kind, `task`, `asset` or `group`, boxes `box`, edges `edge`, each with its own
    classes. The title of each is what it is in full. Those that lead somewhere are links, in order of their ids.

    Args:
        title: what the picture is of, for those who have it read to them.
        alone: the picture is a file of its own, which brings its style.
        window: the part of the page that is shown; None for all of it.
        zoom: percent of its size that the picture has.
    """
    linked = any(node.href for node in graph.nodes)
    seen = window or Rect(0, 0, layout.width, layout.height)
    size = f'viewBox="{seen.x} {seen.y} {seen.width} {seen.height}" '
    size += f'width="{seen.width * zoom // 100}" height="{seen.height * zoom // 100}"'
    role = "group" if linked else "img"
    lines = [f'<svg{_NAMESPACE * alone} class="dag-graph" role="{role}" aria-label="{_attribute(title)}" {size}>']
    if alone:
        lines += [f"<title>{_text(title)}</title>", f"<style>\n{STYLE.read_text(encoding='utf-8')}</style>"]
        lines.append(f'<rect class="paper" width="{layout.width}" height="{layout.height}"/>')
    parents = {box.id: box.parent for box in graph.boxes}
    boxes = sorted(graph.boxes, key=lambda box: (_depth(box.id, parents), box.id))
    lines += [_box(box, layout.boxes[box.id], is_inner=not _depth(box.id, parents) % 2) for box in boxes]
    lines += _edges(graph.edges, layout)
    lines += [_node(node, layout.nodes[node.id]) for node in graph.nodes]
    return "\n".join([*lines, "</svg>"])


def _depth(box_id: str | None, parents: dict[str, str | None]) -> int:
    depth = 0
    while box_id is not None:
        box_id, depth = parents[box_id], depth + 1
    return depth


def _text(text: str) -> str:
    return escape(printable(text), quote=False)


def _attribute(text: str) -> str:
    return escape(printable(text))


def _classes(*names: str) -> str:
    return escape(" ".join(names))


def _linked(href: str, classes: str, inner: str) -> str:
    if href:
        return f'<a href="{_attribute(href)}" class="{classes}">{inner}</a>'
    return f'<g class="{classes}">{inner}</g>'


def _box(box: Box, at: Rect, *, is_inner: bool) -> str:
    label = _text(fitted(box.label, int((at.width - 20) / CELL)))
    sheets = _sheets(at) if box.stacked else ""
    inner = (
        f"<title>{_text(box.title or box.label)}</title>{sheets}{_rect(at, 8)}"
        f'<text x="{at.x + 10}" y="{at.y + 19}">{label}</text>'
    )
    return _linked(box.href, _classes("box", *["inner"] * is_inner, *box.classes), inner)


def _rect(at: Rect, round_: int) -> str:
    return f'<rect x="{at.x}" y="{at.y}" width="{at.width}" height="{at.height}" rx="{round_}"/>'


def _sheets(at: Rect) -> str:
    """Return the edges of the sheets below the first of a stack."""
    drawn = []
    for step in (_SHEET, 2 * _SHEET):
        left, right, below = at.x + step, at.x + at.width - step, at.y + at.height
        drawn.append(f"M{left} {below + step - _SHEET}v{_SHEET - 2}q0 2 2 2H{right - 2}q2 0 2 -2v-{_SHEET - 2}")
    return f'<path class="sheet" d="{"".join(drawn)}"/>'


def _node(node: Node, at: Rect) -> str:
    face = at._replace(height=at.height - 2 * _SHEET) if node.stacked else at
    left = face.x + 8 + 12 * len(node.marks)
    room = int((face.x + face.width - left - 6) / CELL)
    middle = face.y + face.height // 2
    y = middle - 2 if node.note else middle + 5
    marks = "".join(_mark(mark, face.x + 8 + 12 * number, y - 9) for number, mark in enumerate(node.marks))
    note = (
        f'<text class="note" x="{left}" y="{y + 15}">{_text(fitted(node.note, room + 2))}</text>' if node.note else ""
    )
    inner = (
        f"<title>{_text(node.title or node.label)}</title>"
        f"{_sheets(face) if node.stacked else ''}{_rect(face, 13 if node.kind == 'asset' else 4)}{marks}"
        f'<text x="{left}" y="{y}">{_text(fitted(node.label, room))}</text>{note}'
    )
    return _linked(node.href, _classes(node.kind, *node.classes), inner)


def _mark(mark: str, x: int, y: int) -> str:
    """Return the arrow of a setup, which points up, or of a teardown, which points down."""
    foot, tip = (y + 9, y + 1) if mark == "setup" else (y + 1, y + 9)
    points = f"{x},{foot} {x + 4},{tip} {x + 8},{foot}"
    return f'<polygon class="mark" points="{points}"/>'


def _edges(edges: tuple[Edge, ...], layout: Layout) -> Iterator[str]:
    """Yield edges; of very many, those of one look as one path, which browsers draw much faster."""
    paths: dict[str, tuple[list[str], list[str]]] = {}
    for edge in edges:
        route = layout.routes[edge.tail, edge.head]
        if len(edges) <= _MOST_PATHS or edge.label:
            yield from _edge(edge, route)
        else:
            lines, tips = paths.setdefault(_classes("edge", *edge.classes), ([], []))
            lines.append(path_of(route.points))
            tips.append("M" + _tip(route).replace(" ", "L") + "z")
    for classes, (lines, tips) in sorted(paths.items()):
        yield f'<path class="{classes}" d="{"".join(lines)}"/><path class="tip {classes}" d="{"".join(tips)}"/>'


def _tip(route: Route) -> str:
    (from_x, _), (x, y) = route.points[-2:]
    back = _TIP if from_x > x else -_TIP
    return f"{x},{y} {x + back},{y - 4} {x + back},{y + 4}"


def _edge(edge: Edge, route: Route) -> Iterator[str]:
    classes = _classes("edge", *edge.classes)
    yield f'<path class="{classes}" d="{path_of(route.points)}"/>'
    yield f'<polygon class="tip {classes}" points="{_tip(route)}"/>'
    if route.label:
        x, y = route.label
        label = fitted(edge.label, 26)
        width = round(len(label) * CELL) + 8
        yield f'<g class="label {classes}"><rect x="{x - width // 2}" y="{y - 9}" width="{width}" height="18" rx="9"/>'
        yield f'<text x="{x}" y="{y + 4}" text-anchor="middle">{_text(label)}</text></g>'


def path_of(points: tuple[Point, ...]) -> str:
    """Return the data of a path that turns between the points of each pair and runs level between pairs.

    >>> path_of(((0, 5), (40, 5), (90, 5), (130, 25)))
    'M0 5H40H90C110 5 110 25 130 25'
    """
    drawn = [f"M{points[0][0]} {points[0][1]}"]
    for number, ((x, y), (to_x, to_y)) in enumerate(zip(points[::2], points[1::2], strict=True)):
        if number:
            drawn.append(f"H{x}")
        middle = (x + to_x) // 2
        drawn.append(f"H{to_x}" if y == to_y else f"C{middle} {y} {middle} {to_y} {to_x} {to_y}")
    return "".join(drawn)
