"""Draw what changed in a DAG as SVG."""

from collections.abc import Iterator
from html import escape

from dagserial.diff.outputs.layout import Edge, Place, lay_out
from dagserial.diff.outputs.neighbourhood import Neighbourhood
from dagserial.model.display import cut, printable

_WIDTH, _HEIGHT = 216, 28
_GAP, _BETWEEN = 48, 14
_MARGIN = 8
_WIDEST = 26
_LEAST = 80
"""Percent to which a graph may shrink so that it fits; names must stay legible."""


def draw_svg(part: Neighbourhood) -> str:
    """Return an `svg` element of both versions in one, for a page whose style knows the classes.

    Tasks have the class `task` and edges the class `edge`, each with what became of it: `added`, `removed`, `changed`,
    `renamed` or `same`. A task's title is its whole id.
    """
    at, routes = lay_out(part.tasks, part.edges)
    taken = [*at.values(), *(place for route in routes.values() for place in route)]
    width = max(column for column, _ in taken) * (_WIDTH + _GAP) + _WIDTH + 2 * _MARGIN
    height = max(row for _, row in taken) * (_HEIGHT + _BETWEEN) + _HEIGHT + 2 * _MARGIN
    least = width * _LEAST // 100  # of a wide graph, the rest is scrolled to
    size = f'width="{width}" height="{height}" style="min-width: {least}px"'
    lines = [f'<svg role="img" viewBox="0 0 {width} {height}" {size}>']
    lines += [*_edges(part, at, routes), *_tasks(part, at), "</svg>"]
    return "\n".join(lines)


def _corner(place: Place) -> tuple[int, int]:
    column, row = place
    return _MARGIN + column * (_WIDTH + _GAP), _MARGIN + row * (_HEIGHT + _BETWEEN)


def _tasks(part: Neighbourhood, at: dict[str, Place]) -> Iterator[str]:
    for task_id, fate in part.tasks.items():
        x, y = _corner(at[task_id])
        text = escape(cut(printable(task_id), _WIDEST))
        yield (
            f'<g class="task {fate}"><title>{escape(printable(task_id))}: {fate}</title>'
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"/>'
            f'<text x="{x + 8}" y="{y + 19}">{text}</text></g>'
        )


def _edges(part: Neighbourhood, at: dict[str, Place], routes: dict[Edge, tuple[Place, ...]]) -> Iterator[str]:
    for edge, fate in part.edges.items():
        (x, y), *stops, (end, last) = map(_corner, (at[edge[0]], *routes.get(edge, ()), at[edge[1]]))
        x, y = x + _WIDTH, y + _HEIGHT // 2
        drawn = [f"M{x} {y}"]
        for left, top in (*stops, (end, last)):
            to = top + _HEIGHT // 2
            drawn.append(f"C{x + _GAP // 2} {y} {left - _GAP // 2} {to} {left} {to}")
            x, y = left + _WIDTH, to
            drawn += [f"H{x}"] if (left, top) in stops else []
        yield f'<path class="edge {fate}" d="{"".join(drawn)}"/>'
