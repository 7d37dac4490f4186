"""Laying out large graphs, against Graphviz.

python benchmarks/bench_layout.py
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess

from measure import heading, medians, note, row

from dagserial.drawing import Edge, Graph, Node, graph, lay_out

Points = dict[str, tuple[float, float]]


def fan(count: int) -> Graph:
    """A graph in which each task follows one of the few before it, and every tenth three."""
    chance = random.Random(1)
    edges = {
        (chance.randrange(max(0, number - 40), number), number)
        for number in range(1, count)
        for _ in range(1 if number % 10 else 3)
    }
    return _graph(count, edges)


def layered(count: int, width: int = 50) -> Graph:
    """A graph of layers in which each task follows one or two of the layer before."""
    chance = random.Random(1)
    edges = {
        ((number // width - 1) * width + chance.randrange(width), number)
        for number in range(width, count)
        for _ in range(1 if chance.random() < 0.78 else 2)
    }
    return _graph(count, edges)


def _graph(count: int, edges: set[tuple[int, int]]) -> Graph:
    names = [f"t{number:05}" for number in range(count)]
    nodes = [Node(id=name, label=name) for name in names]
    return graph(nodes, edges=[Edge(names[tail], names[head]) for tail, head in sorted(edges)])


def by_dot(drawn: Graph) -> tuple[float, Points]:
    """Return the CPU seconds that `dot` takes for a graph, and where it puts the nodes."""
    lines = [f"{edge.tail} -> {edge.head};" for edge in drawn.edges]
    text = "\n".join(
        ["digraph g { rankdir=LR; node [shape=box];", *(f"{node.id};" for node in drawn.nodes), *lines, "}"]
    )
    before = os.times()
    done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True)
    after = os.times()
    found = re.findall(r"^node (\S+) (\S+) (\S+)", done.stdout, flags=re.MULTILINE)
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return seconds, {name: (float(x), float(y)) for name, x, y in found}


def by_dagserial(drawn: Graph) -> Points:
    """Return where dagserial puts the nodes of a graph."""
    at = lay_out(drawn).nodes
    return {id_: (rect.x + rect.width / 2, rect.y + rect.height / 2) for id_, rect in at.items()}


def crossings(drawn: Graph, at: Points) -> int:
    """Return how many pairs of edges cross, each a straight line from one middle to the other."""
    lines = [(*at[edge.tail], *at[edge.head]) for edge in drawn.edges]
    lines = sorted((x, y, u, v) if x <= u else (u, v, x, y) for x, y, u, v in lines)
    total = 0
    open_: list[tuple[float, float, float, float]] = []
    for line in lines:
        open_ = [other for other in open_ if other[2] > line[0]]
        total += sum(_cross(line, other) for other in open_)
        open_.append(line)
    return total


def _cross(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    if one[:2] == other[:2] or one[2:] == other[2:]:
        return False
    return _turn(one, other[0], other[1]) * _turn(one, other[2], other[3]) < 0 and (
        _turn(other, one[0], one[1]) * _turn(other, one[2], one[3]) < 0
    )


def _turn(line: tuple[float, ...], x: float, y: float) -> float:
    return (line[2] - line[0]) * (y - line[1]) - (line[3] - line[1]) * (x - line[0])


def main() -> None:
    """Print each ratio beside its target; without Graphviz, say so and print the times alone."""
    has_dot = shutil.which("dot") is not None
    if not has_dot:
        print("skipped: the ratios to dot, as Graphviz is not here (apt-get install graphviz)")
    for name, make in (("fan", fan), ("layered", layered)):
        for count in (1000, 5000):
            drawn = make(count)
            own = medians({"own": lambda drawn=drawn: lay_out(drawn)}, 5)["own"]
            found = crossings(drawn, by_dagserial(drawn))
            heading(f"{name}, {count:,} tasks, {len(drawn.edges):,} edges: {own * 1000:.0f} ms, {found:,} crossings")
            if has_dot:
                seconds, at = by_dot(drawn)
                other = crossings(drawn, at)
                print(f"  dot: {seconds * 1000:.0f} ms, {other:,} crossings")
                (row if count == 5000 else note)(
                    "CPU of layout / of dot", seconds and own / seconds, *([0.1] if count == 5000 else [])
                )
                (row if count == 5000 else note)(
                    "crossings / those of dot", found / other, *([1.6] if count == 5000 else [])
                )


if __name__ == "__main__":
    main()
