"""Graphs of very many tasks: in a few paths, and through a window."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from test_drawing_layout import made

from dagserial.drawing import Edge, Node, Rect, draw, draw_overview, graph, lay_out, within


def test_an_overview_has_a_path_for_each_look_and_links_to_where_tasks_stand() -> None:
    nodes = [Node(id=f"t{at:03}", label="x", classes=("added",) if at % 2 else ()) for at in range(200)]
    whole = graph(nodes, edges=[Edge(f"t{at:03}", f"t{at + 20:03}") for at in range(180)])
    asked: list[Rect] = []

    def link(at: Rect) -> str:
        asked.append(at)
        return f"?x={at.x}&y={at.y}"

    picture = ET.fromstring(draw_overview(whole, lay_out(whole), "<all>", link))
    assert [path.get("class") for path in picture.findall("path")] == ["box", "edge", "node task", "node task added"]
    assert sum(str(path.get("d")).count("z") for path in picture.findall("path")) == 200
    told = [str(tile.findtext("title")) for tile in picture.findall("a")]
    assert sum(int(words.split()[0]) for words in told if " tasks: " in words) + len(
        [words for words in told if " tasks: " not in words]
    ) == len(nodes)
    assert all(rect in lay_out(whole).nodes.values() for rect in asked)
    assert picture.findall("text") == []


@given(st.integers(0, 2**32 - 1), st.integers(0, 600), st.integers(0, 600))
def test_a_window_shows_what_lies_in_it_and_nothing_else(seed: int, x: int, y: int) -> None:
    whole = made(seed)
    at = lay_out(whole)
    window = Rect(x, y, 300, 200)
    seen = {node.id for node in within(whole, at, window).nodes}
    for node in whole.nodes:
        rect = at.nodes[node.id]
        apart = rect.x >= x + 300 or rect.x + rect.width <= x or rect.y >= y + 200 or rect.y + rect.height <= y
        assert (node.id in seen) is not apart
    picture = ET.fromstring(draw(within(whole, at, window), at, "part", window=window, zoom=200))
    assert (picture.get("viewBox"), picture.get("width")) == (f"{x} {y} 300 200", "600")


def test_very_many_edges_of_one_look_are_one_path() -> None:
    nodes = [Node(id=f"t{at:03}", label="x") for at in range(320)]
    edges = [Edge("t000", f"t{at:03}", classes=("added",) if at < 5 else ()) for at in range(1, 320)]
    whole = graph(nodes, edges=edges)
    picture = ET.fromstring(draw(whole, lay_out(whole), "many"))
    paths = {str(path.get("class")): str(path.get("d")) for path in picture.findall("path")}
    assert {name: drawn.count("M") for name, drawn in paths.items()} == {
        "edge": 315,
        "tip edge": 315,
        "edge added": 4,
        "tip edge added": 4,
    }
