"""Writing a diff as one HTML file."""

import re
from html.parser import HTMLParser
from itertools import groupby
from xml.etree import ElementTree as ET

from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.diff.outputs import RENDERERS, Report
from dagserial.model.display import printable

FETCHING = {"src", "srcset", "action", "data", "background", "poster", "formaction", "ping", "xlink:href"}
VOID = {"meta", "link", "br"}


class Page(HTMLParser):
    """A page as a browser reads it: rows with their cells, attributes by tag, whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.classes: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.open += [tag] if tag not in VOID else []
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data


def written(found: Report) -> str:
    text = RENDERERS["html"](found)
    assert isinstance(text, str)
    return text


def graphs(text: str) -> list[ET.Element]:
    return [ET.fromstring(found) for found in re.findall(r"<svg .*?</svg>", text, flags=re.DOTALL)]


def test_each_change_is_a_row_and_text_of_dags_stays_text() -> None:
    found = varied()
    page = Page(written(found))
    rows = [row for row in page.rows if row]
    assert [len(row) for row in rows] == [4] * len(found.diff.changes)
    assert any(row[1].startswith(f"task {printable(NASTY)}") for row in rows)
    assert "script" not in {tag for tag, _, _ in page.attributes} | set(re.findall(r"<(\w+)", written(found)))


def test_a_page_asks_for_nothing() -> None:
    text = written(varied())
    attributes = Page(text).attributes
    assert [one for one in attributes if one[1] in FETCHING or one[1].startswith("on")] == []
    assert [value for _, name, value in attributes if name == "href"] == ["data:,"]
    assert "url(" not in text
    assert "@import" not in text
    assert ("meta", "content", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in attributes


def test_both_versions_are_in_one_graph() -> None:
    (etl,) = [graph for graph in graphs(written(varied())) if len(graph.findall("g")) > 1]
    fates = {str(task.findtext("title")): task.get("class") for task in etl.findall("g")}
    assert fates["load: removed"] == "task removed"
    assert fates["fresh: added"] == "task added"
    assert fates["get: same"] == "task same"
    assert sorted(str(edge.get("class")) for edge in etl.findall("path")) == [
        "edge added",
        "edge removed",
        "edge removed",
        "edge same",
    ]
    assert printable(NASTY) + ": changed" in fates


def test_texts_are_told_apart_by_line() -> None:
    (row,) = [row for row in Page(written(varied())).rows if row and row[1] == "task sql args/bash_command"]
    assert "-select 1+select 2 from a" in row[2]


def test_the_gravest_comes_first() -> None:
    severities = [key for key, _ in groupby(row[0] for row in Page(written(varied())).rows if row)]
    assert severities[:3] == ["breaking", "behavioural", "cosmetic"]
    summaries = re.findall(r"<summary>.*<span class=\"(\w+)\">", written(varied()))
    assert summaries == sorted(summaries, key=["breaking", "behavioural", "cosmetic"].index)


def test_a_page_is_cut_where_it_says_so() -> None:
    tasks = {f"t{number:04}": bash("old") for number in range(2100)}
    old = {"etl": dag("etl", tasks), "other": dag("other", {"a": bash("x")})}
    new = {"etl": dag("etl", dict.fromkeys(tasks, bash("new"))), "other": dag("other", {"a": bash("y")})}
    text = written(report(old, new))
    assert len([row for row in Page(text).rows if row]) == 2000
    for words in ("… and 100 more changes.", "… and 1 more DAG.", "The graph leaves out 1800 more tasks."):
        assert words in text


def test_nothing_is_a_page_that_says_so() -> None:
    assert "<p>no changes</p>" in written(EMPTY)
    Page(written(EMPTY))
