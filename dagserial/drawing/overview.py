"""Draw a graph of very many nodes in a few paths, and the part of it that lies in a window."""

from collections.abc import Callable, Iterator
from html import escape

from dagserial.drawing.graph import Graph
from dagserial.drawing.layout import Layout, Rect
from dagserial.model.display import printable

COLUMNS, ROWS = 8, 6
"""Parts of an overview that lead to windows."""


def draw_overview(graph: Graph, layout: Layout, title: str, link: Callable[[Rect], str]) -> str:
    """Return an `svg` element that shows a graph as a whole, without texts: a path for all nodes of each class.

    Args:
        link: returns where a part of the picture leads to; only parts in which nodes stand are asked for.
    """
    lines = [
        f'<svg class="dag-graph overview" role="group" aria-label="{escape(printable(title))}" '
        f'viewBox="0 0 {layout.width} {layout.height}" preserveAspectRatio="none">'
    ]
    lines.append(f'<path class="box" d="{"".join(map(_rect, layout.boxes.values()))}"/>')
    edges = (route.points for route in layout.routes.values())
    lines.append(f'<path class="edge" d="{"".join(map(_line, edges))}"/>')
    paths: dict[str, list[str]] = {}
    for node in graph.nodes:
        paths.setdefault(" ".join([node.kind, *node.classes]), []).append(_rect(layout.nodes[node.id]))
    lines += [f'<path class="node {escape(name)}" d="{"".join(drawn)}"/>' for name, drawn in sorted(paths.items())]
    return "\n".join([*lines, *_tiles(graph, layout, link), "</svg>"])


def _line(points: tuple[tuple[int, int], ...]) -> str:
    (x, y), *rest = points
    return f"M{x} {y}" + "".join(f"L{to_x} {to_y}" for to_x, to_y in rest)


def _rect(at: Rect) -> str:
    return f"M{at.x} {at.y}h{at.width}v{at.height}h-{at.width}z"


def _tiles(graph: Graph, layout: Layout, link: Callable[[Rect], str]) -> Iterator[str]:
    wide, high = -(-layout.width // COLUMNS), -(-layout.height // ROWS)
    inside: dict[tuple[int, int], list[str]] = {}
    for node in graph.nodes:
        at = layout.nodes[node.id]
        inside.setdefault(((at.x + at.width // 2) // wide, (at.y + at.height // 2) // high), []).append(node.id)
    for (column, row), ids in sorted(inside.items()):
        at = Rect(column * wide, row * high, wide, high)
        first = layout.nodes[min(ids, key=lambda id_: (layout.nodes[id_].x, layout.nodes[id_].y))]
        named = f"{len(ids)} tasks: {ids[0]} …" if len(ids) > 1 else ids[0]
        yield (
            f'<a class="tile" href="{escape(link(first))}"><title>{escape(printable(named))}</title>'
            f'<rect x="{at.x}" y="{at.y}" width="{at.width}" height="{at.height}"/></a>'
        )


def within(graph: Graph, layout: Layout, window: Rect) -> Graph:
    """Return what of a graph can be seen in a window; an edge may lead to what cannot."""
    return Graph(
        tuple(node for node in graph.nodes if _meet(layout.nodes[node.id], window)),
        tuple(box for box in graph.boxes if _meet(layout.boxes[box.id], window)),
        tuple(edge for edge in graph.edges if _meet(_span(layout.routes[edge.tail, edge.head].points), window)),
    )


def _span(points: tuple[tuple[int, int], ...]) -> Rect:
    left, right = sorted((points[0][0], points[-1][0]))
    heights = [y for _, y in points]
    return Rect(left, min(heights), right - left + 1, max(heights) - min(heights) + 1)


def _meet(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )
