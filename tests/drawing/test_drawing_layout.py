"""Laying a graph out: apart, forward, round what lies between, and always the same."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagserial.drawing import Box, Edge, Graph, Layout, Node, Rect, fold, graph, lay_out, outermost

BOXES = 5


def made(seed: int, *, circles: bool = False) -> Graph:
    """Return a graph of up to 24 nodes in nested boxes, by chance."""
    chance = Random(seed)
    boxes = [
        Box(id=f"g{at}", label=f"g{at}", parent=chance.choice([None, *(f"g{one}" for one in range(at))]))
        for at in range(chance.randint(0, BOXES))
    ]
    homes = [None, *(box.id for box in boxes)]
    ids = [f"t{at:02}" for at in range(chance.randint(0, 24))]
    nodes = [
        Node(id=id_, label=id_ * chance.randint(1, 3), box=chance.choice(homes), stacked=chance.random() < 0.2)
        for id_ in ids
    ]
    pairs = list(combinations(ids, 2))
    chosen = chance.sample(pairs, min(len(pairs), chance.randint(0, 40)))
    if circles:
        chosen = [pair if chance.random() < 0.5 else pair[::-1] for pair in chosen]
    edges = [Edge(*pair, "why" if chance.random() < 0.2 else "") for pair in chosen]
    chance.shuffle(nodes)
    return graph(nodes, boxes, edges)


GRAPHS = st.integers(0, 2**32 - 1).map(made)


def overlap(one: Rect, other: Rect) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def holds(outer: Rect, inner: Rect) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def around(drawn: Graph, box: str | None) -> set[str]:
    parents = {one.id: one.parent for one in drawn.boxes}
    found = set()
    while box is not None:
        found.add(box)
        box = parents[box]
    return found


@given(GRAPHS)
def test_all_is_drawn_apart_on_the_page(drawn: Graph) -> None:
    at = lay_out(drawn)
    assert set(at.nodes) == {node.id for node in drawn.nodes}
    assert set(at.boxes) == {box.id for box in drawn.boxes}
    assert set(at.routes) == {(edge.tail, edge.head) for edge in drawn.edges}
    assert not any(overlap(one, other) for one, other in combinations(at.nodes.values(), 2))
    for rect in (*at.nodes.values(), *at.boxes.values()):
        assert rect.x >= 0
        assert rect.y >= 0
        assert rect.x + rect.width <= at.width
        assert rect.y + rect.height <= at.height


@given(GRAPHS)
def test_a_box_holds_what_lies_in_it_and_overlaps_nothing_else(drawn: Graph) -> None:
    at = lay_out(drawn)
    for node in drawn.nodes:
        inside = around(drawn, node.box)
        assert all(holds(at.boxes[box], at.nodes[node.id]) for box in inside)
        assert not any(overlap(rect, at.nodes[node.id]) for box, rect in at.boxes.items() if box not in inside)
    for one, other in combinations(drawn.boxes, 2):
        if one.id in around(drawn, other.id):
            assert holds(at.boxes[one.id], at.boxes[other.id])
        elif other.id in around(drawn, one.id):
            assert holds(at.boxes[other.id], at.boxes[one.id])
        else:
            assert not overlap(at.boxes[one.id], at.boxes[other.id])


@given(GRAPHS)
def test_an_edge_leads_to_the_right_and_past_what_lies_between(drawn: Graph) -> None:
    at = lay_out(drawn)
    for edge in drawn.edges:
        points = at.routes[edge.tail, edge.head].points
        tail, head = at.nodes[edge.tail], at.nodes[edge.head]
        assert points[0][0] == tail.x + tail.width
        assert points[-1][0] == head.x
        assert all(before[0] <= after[0] for before, after in pairwise(points))
        for (x, y), (to_x, _) in zip(points[1::2], points[2::2], strict=False):
            level = Rect(x, y, max(to_x - x, 1), 1)
            assert not any(overlap(level, rect) for rect in at.nodes.values())
        for (x, _), (to_x, _) in zip(points[::2], points[1::2], strict=True):
            assert not any(x < rect.x + rect.width / 2 < to_x for rect in at.nodes.values())


@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_a_graph_is_laid_out_the_same_in_whatever_order_it_is_given(seed: int, chance: Random) -> None:
    drawn = made(seed, circles=True)
    parts = [list(part) for part in (drawn.nodes, drawn.boxes, drawn.edges)]
    for part in parts:
        chance.shuffle(part)
    other = graph(*parts)
    assert other == drawn
    assert lay_out(other) == lay_out(drawn)


@given(st.integers(0, 2**32 - 1))
def test_circles_are_drawn_too(seed: int) -> None:
    drawn = made(seed, circles=True)
    at = lay_out(drawn)
    assert not any(overlap(one, other) for one, other in combinations(at.nodes.values(), 2))
    for edge in drawn.edges:
        points = at.routes[edge.tail, edge.head].points
        tail, head = at.nodes[edge.tail], at.nodes[edge.head]
        assert points[0][0] in (tail.x, tail.x + tail.width)
        assert points[-1][0] in (head.x, head.x + head.width)


@given(GRAPHS)
def test_closed_boxes_hide_what_lies_in_them_and_no_edge_between_others(drawn: Graph) -> None:
    shut = outermost(drawn)
    folded = fold(drawn, shut)
    inside = {node.id for node in drawn.nodes if node.box is not None}
    assert {node.id for node in folded.nodes} == {node.id for node in drawn.nodes} - inside | set(shut)
    assert folded.boxes == ()
    kept = {(edge.tail, edge.head) for edge in folded.edges}
    assert {(e.tail, e.head) for e in drawn.edges if not {e.tail, e.head} & inside} <= kept
    tops = {node.id: next((box for box in around(drawn, node.box) if box in shut), node.id) for node in drawn.nodes}
    ends = {(tops[edge.tail], tops[edge.head]) for edge in drawn.edges}
    assert kept == {(tail, head) for tail, head in ends if tail != head}


def test_a_layout_is_the_same_in_another_process() -> None:
    code = "from test_drawing_layout import made, lay_out; print(lay_out(made(7)))"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=__file__.rpartition("/")[0],
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {f"{lay_out(made(7))}\n"}


def drawn(*edges: str) -> tuple[Graph, Layout]:
    """Return a graph of edges, each written as its two ends, and its layout."""
    ids = sorted(set("".join(edges)))
    found = graph([Node(id=id_, label=id_) for id_ in ids], edges=[Edge(*edge) for edge in edges])
    return found, lay_out(found)


def test_a_chain_is_a_straight_line() -> None:
    _, at = drawn("ab", "bc", "cd")
    assert len({rect.y for rect in at.nodes.values()}) == 1
    assert [id_ for id_, _ in sorted(at.nodes.items(), key=lambda item: item[1].x)] == ["a", "b", "c", "d"]


def test_what_follows_from_one_stands_around_it() -> None:
    _, at = drawn("ab", "ac", "ad")
    assert at.nodes["a"].y == sorted(at.nodes[id_].y for id_ in "bcd")[1]


def test_a_task_that_only_starts_something_late_stands_beside_it() -> None:
    _, at = drawn("ab", "bc", "xc")
    assert at.nodes["x"].x == at.nodes["b"].x


def test_tasks_that_only_lead_to_something_late_stand_beside_it_together() -> None:
    _, at = drawn("ab", "bc", "cd", "de", "ax", "xy", "xz", "ye", "ze")
    assert at.nodes["x"].x == at.nodes["c"].x
    assert {at.nodes[id_].x for id_ in "yz"} == {at.nodes["d"].x}


def test_edges_that_need_not_cross_do_not() -> None:
    found, at = drawn("ay", "az", "bx", "cw")
    ends = sorted((at.nodes[edge.tail].y, at.nodes[edge.head].y) for edge in found.edges)
    assert [head for _, head in ends] == sorted(head for _, head in ends)


@pytest.mark.parametrize("edges", [("ba", "ab"), ("ab", "bc", "ca")])
def test_a_circle_begins_with_its_first(edges: tuple[str, ...]) -> None:
    _, at = drawn(*edges)
    assert at.nodes["a"].x == min(rect.x for rect in at.nodes.values())


def test_the_longest_edges_of_a_graph_of_very_many_pass_where_they_may() -> None:
    ids = [f"{number:03}" for number in range(120)]
    found = graph([Node(id=id_, label=id_) for id_ in ids], edges=[Edge(*pair) for pair in combinations(ids, 2)])
    at = lay_out(found)
    assert len(at.routes["000", "002"].points) == 4
    assert len(at.routes["000", "119"].points) == 2


def test_a_label_has_room_of_its_own() -> None:
    nodes = [Node(id=id_, label=id_) for id_ in "abc"]
    at = lay_out(graph(nodes, edges=[Edge("a", "b", "only on Mondays"), Edge("a", "c")]))
    label = at.routes["a", "b"].label
    assert label is not None
    assert at.nodes["a"].x + at.nodes["a"].width < label[0] < at.nodes["b"].x
    assert at.routes["a", "c"].label is None


def test_nothing_is_a_page_of_nothing() -> None:
    at = lay_out(graph([]))
    assert (at.nodes, at.boxes, at.routes) == ({}, {}, {})
