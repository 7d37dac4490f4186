"""Drawing a graph as SVG: all of it, as text and nothing else, for all who read it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from strategies import DAGS

from dagserial.drawing import Edge, Node, draw, fold, graph, graph_of, lay_out, outermost
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.model.display import printable

NASTY = "a\"b'<script>alert(1)</script>&\x00\u202e"


def drawn(dag: Dag, *, href: str = "") -> ET.Element:
    found = graph_of(dag, link=(lambda task_id: href + task_id) if href else None)
    return ET.fromstring(draw(found, lay_out(found), dag.dag_id))


def dag(**tasks: Task) -> Dag:
    return Dag(fields=DagFields(dag_id="etl"), tasks=tasks)


@given(DAGS)
def test_every_task_group_and_edge_is_drawn(one: Dag) -> None:
    picture = drawn(one)
    nodes = [group for group in picture.findall("g") if str(group.get("class")).split()[0] != "label"]
    titles = [str(group.findtext("title")) for group in nodes]
    for name in (*one.tasks, *one.groups):
        assert any(title.startswith(printable(name) + " (") for title in titles)
    edges = sum(len(task.upstream) for task in one.tasks.values())
    assert len([path for path in picture.findall("path") if path.get("class") == "edge"]) == edges


def test_text_stays_text() -> None:
    nasty = Task(operator=NASTY, group=NASTY, labels={"b": NASTY}, upstream=("b",))
    one = Dag(
        fields=DagFields(dag_id=NASTY), groups={NASTY: Group()}, tasks={NASTY + "t": nasty, "b": Task(operator="o")}
    )
    picture = drawn(one, href="javascript:alert(1)//")
    assert {element.tag for element in picture.iter()} == {"a", "g", "path", "polygon", "rect", "svg", "text", "title"}
    assert not [name for element in picture.iter() for name in element.attrib if name.startswith("on")]
    assert picture.get("aria-label") == printable(NASTY)


def test_nodes_that_lead_somewhere_are_links_in_order() -> None:
    picture = drawn(dag(b=Task(operator="o", upstream=("a",)), a=Task(operator="o")), href="/tasks/")
    assert [link.get("href") for link in picture.findall("a")] == ["/tasks/a", "/tasks/b"]
    assert picture.get("role") == "group"
    assert drawn(dag(a=Task(operator="o"))).get("role") == "img"


def test_marks_and_stacks_are_drawn_and_told() -> None:
    mapped = Task(operator="x.Bash", mapping=Mapping(expand=(("x", [1, 2]),)), upstream=("up",))
    picture = drawn(dag(up=Task(operator="x.Bash", setup=True), many=mapped, down=Task(operator="o", teardown=True)))
    found = {str(group.findtext("title")): group for group in picture.findall("g")}
    assert sorted(found) == ["down (teardown, o)", "many (mapped, Bash)", "up (setup, Bash)"]
    assert found["many (mapped, Bash)"].find("path[@class='sheet']") is not None
    assert found["up (setup, Bash)"].find("polygon[@class='mark']") is not None


def test_assets_stand_beside_the_tasks_that_read_and_write_them() -> None:
    asset = {"$": "asset", "uri": "s3://a"}
    task = Task(operator="o", args={"inlets": [asset], "outlets": [asset]})
    found = graph_of(dag(copy=task))
    assert [node.label for node in found.nodes if node.kind == "asset"] == ["s3://a", "s3://a"]
    at = lay_out(found).nodes
    read, written = (rect.x for id_, rect in sorted(at.items()) if id_ != "copy")
    assert read < at["copy"].x < written


def test_a_task_in_a_group_goes_by_the_rest_of_its_id() -> None:
    one = Dag(
        fields=DagFields(dag_id="etl"),
        groups={"load": Group()},
        tasks={"load.check": Task(operator="o", group="load"), "load.": Task(operator="o", group="load")},
    )
    assert {node.id: node.label for node in graph_of(one).nodes} == {"load.check": "check", "load.": "load."}


def test_a_closed_group_says_how_many_tasks_it_stands_for() -> None:
    one = Dag(
        fields=DagFields(dag_id="etl"),
        groups={"g": Group(), "g.h": Group(parent="g")},
        tasks={"g.a": Task(operator="o", group="g"), "g.h.b": Task(operator="o", group="g.h"), "c": Task(operator="o")},
    )
    found = fold(graph_of(one), outermost(graph_of(one)))
    assert [(node.id, node.kind, node.note) for node in found.nodes] == [("c", "task", ""), ("g", "group", "2 tasks")]


def test_a_file_of_its_own_brings_its_style_and_asks_for_nothing() -> None:
    found = graph([Node(id="a", label="a"), Node(id="b", label="b")], edges=[Edge("a", "b")])
    text = draw(found, lay_out(found), "etl", alone=True)
    assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in text
    assert "url(" not in text
    assert text.count("http") == 1
