"""Writing a diff as a comment on a pull request."""

import re
from html.parser import HTMLParser

import msgspec
import pytest
from markdown_it import MarkdownIt
from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.diff import RULES, UnreadFile
from dagserial.diff.outputs import RENDERERS, Report
from dagserial.diff.outputs.markdown import MARKER, MOST_LETTERS
from dagserial.diff.outputs.wording import verdict_of
from dagserial.model import Task
from dagserial.model.display import printable

NODE = re.compile(r'  t\d+\["([\w .\-#;]|[^\x00-\x7f])+"\](:::(added|removed|changed|renamed))?')
EDGE = re.compile(r"  t\d+ (-->|==>|-\.->) t\d+")
STYLE = re.compile(r"  classDef (added|removed|changed|renamed) [\w#:,-]+")
TAGS = {"h3", "p", "code", "details", "summary", "b", "table", "thead", "tbody", "tr", "th", "td", "br", "pre"}


class Page(HTMLParser):
    """A comment as it is shown: tags met, cells by row, text of each summary and each graph."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.texts: dict[str, list[str]] = {"summary": [], "code": [], "p": [], "h3": []}
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        self.tags.append(tag)
        if tag != "br":
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open:
            self.rows[-1][-1] += data
        for tag in self.open:
            if tag in self.texts:
                self.texts[tag][-1] += data


def written(found: Report) -> str:
    text = RENDERERS["markdown"](found)
    assert isinstance(text, str)
    assert len(text) <= MOST_LETTERS
    return text


def graphs(text: str) -> list[list[str]]:
    """Return the lines of each graph, each of which Mermaid's grammar takes."""
    found = [block.splitlines() for block in re.findall(r"\n```mermaid\n(.*?)\n```\n", text, flags=re.DOTALL)]
    for first, *lines in found:
        assert first == "flowchart LR"
        assert [line for line in lines if not any(form.fullmatch(line) for form in (NODE, EDGE, STYLE))] == []
    return found


def test_each_change_is_a_row_and_each_dag_is_folded() -> None:
    found = varied()
    page = Page(written(found))
    assert [len(row) for row in page.rows if row] == [4] * len(found.diff.changes)
    assert page.tags.count("details") == len({change.object.dag_id for change in found.diff.changes})
    assert written(found).startswith(f"{MARKER}\n### dagserial: 4 breaking, 8 behavioural, 4 cosmetic in 5 DAGs\n")


def test_the_gravest_comes_first() -> None:
    page = Page(written(varied()))
    order = ["breaking", "behavioural", "cosmetic"]
    severities = [summary.rpartition(", ")[2] for summary in page.texts["summary"]]
    assert severities == sorted(severities, key=order.index)
    rows = [row[0] for row in page.rows if row]
    assert rows[0] == "breaking"
    etl = rows[: page.texts["summary"][0].startswith("etl") and 12]
    assert etl == sorted(etl, key=order.index)


def test_text_of_dags_stays_text_wherever_it_stands() -> None:
    text = written(varied())
    page = Page(text)
    assert any(summary.startswith(f"{printable(NASTY)}: 1 change") for summary in page.texts["summary"])
    shown = printable(NASTY)[:80]
    assert any(cell.startswith(f"task {shown}") for row in page.rows for cell in row)
    assert any(f"KeyError: {printable(NASTY)}" in paragraph for paragraph in page.texts["p"])


@pytest.mark.parametrize(
    "letter", [*list("`|<>&*_[]()#@!~$\\\"'{}:"), "``", " `", "\\|", "www.a.b", "@name", "#1", ":x:", " ", ""]
)
def test_a_value_comes_out_of_markdown_as_it_went_in(letter: str) -> None:
    for value in (letter, f"a{letter}b", f"{letter}a", f"a{letter}"):
        old, new = (
            {"etl": dag("etl", {"a": bash("x", args={"k": "old"})})},
            {"etl": dag("etl", {"a": bash("x", args={"k": value})})},
        )
        (row,) = [row for row in Page(written(report(old, new))).rows if row]
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        assert row == ["behavioural", "task a args/k", f'changed from "old" to "{quoted}"', "task-argument-changed"]


def test_the_graph_has_what_changed_and_what_is_beside_it() -> None:
    chain = {f"t{number}": bash(f"{number}", *([f"t{number - 1}"] if number else [])) for number in range(6)}
    new = {task_id: task for task_id, task in chain.items() if task_id != "t5"}
    new["t2"] = bash("otherwise", "t1", "t0")
    found = report({"etl": dag("etl", chain)}, {"etl": dag("etl", new | {"t2": bash("otherwise", "t0", "t1")})})
    ((graph),) = graphs(written(found))
    assert graph == [
        "flowchart LR",
        '  t0["t0"]',
        '  t1["t1"]',
        '  t2["t2"]:::changed',
        '  t3["t3"]',
        '  t4["t4"]',
        '  t5["t5"]:::removed',
        "  t0 --> t1",
        "  t0 ==> t2",
        "  t1 --> t2",
        "  t2 --> t3",
        "  t3 --> t4",
        "  t4 -.-> t5",
        "  classDef removed fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
        "  classDef changed fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    ]


def test_a_renamed_task_is_one_task_in_the_graph() -> None:
    old = {"etl": dag("etl", {"a": bash("a"), "b": bash("bee", "a"), "c": bash("c", "b")})}
    new = {"etl": dag("etl", {"a": bash("a"), "bb": bash("bee", "a"), "c": bash("c", "bb")})}
    ((graph),) = graphs(written(report(old, new)))
    assert graph[1:6] == ['  t0["a"]', '  t1["bb"]:::renamed', '  t2["c"]', "  t0 --> t1", "  t1 --> t2"]


def test_a_graph_has_at_most_40_tasks_and_says_what_it_leaves_out() -> None:
    tasks = {f"t{number:03}": bash(f"{number}") for number in range(100)}
    new = {task_id: bash("new") for task_id in tasks}
    text = written(report({"etl": dag("etl", tasks)}, {"etl": dag("etl", new)}))
    ((graph),) = graphs(text)
    assert len([line for line in graph if NODE.fullmatch(line)]) == 40
    assert "The graph leaves out 60 more tasks." in text
    assert "… and 40 more changes." in text


def test_whom_a_change_reaches_is_told() -> None:
    old = {"etl": dag("etl", {"a": bash("a"), "b": bash({"$": "xcom", "key": "return_value", "task": "a"}, "a")})}
    new = {"etl": dag("etl", {"a": bash("x"), "b": bash({"$": "xcom", "key": "return_value", "task": "a"}, "a")})}
    assert "\nReaches `1 direct, 1 downstream (b <- a)`\n" in written(report(old, new))


def test_all_graphs_are_in_the_grammar_whatever_tasks_are_called() -> None:
    assert len(graphs(written(varied()))) == 4


@pytest.mark.parametrize("name", ["dag{}", NASTY + "{}"])
def test_a_comment_is_never_too_long_and_says_what_is_left_out(name: str) -> None:
    names = [name.format(number) if "{{" not in name else f"{NASTY}{number}" for number in range(400)]
    tasks = {f"{NASTY}{number}": bash(NASTY) for number in range(12)}
    old = {one: dag(one, tasks) for one in names}
    new = {one: dag(one, {task_id: Task(operator=NASTY) for task_id in tasks}) for one in names}
    text = written(report(old, new))
    shown = Page(text).tags.count("details")
    assert 0 < shown < 400
    assert f"\n… and {400 - shown} more DAGs" in text


def test_one_dag_of_many_changes_is_cut_where_it_says_so() -> None:
    tasks = {f"{NASTY}{number}": bash(NASTY) for number in range(300)}
    new = {task_id: bash(NASTY, args={"x": NASTY}) for task_id in tasks}
    text = written(report({"etl": dag("etl", tasks)}, {"etl": dag("etl", new)}))
    rows = len([row for row in Page(text).rows if row])
    assert rows > 0
    assert f"\n… and {300 - rows} more changes.\n" in text


def test_notes_are_bounded_too() -> None:
    found = varied()
    errors = tuple(UnreadFile(f"{number}{NASTY * 9}", 1, NASTY * 9) for number in range(500))
    text = written(msgspec.structs.replace(found, head=msgspec.structs.replace(found.head, errors=errors)))
    assert re.search(r"… and 49\d more notes\.", text)


def test_reasons_of_rules_stay_in_their_cells() -> None:
    reasons = [reason for rule in RULES.values() for reason in (rule.reason, *(case.reason for case in rule.cases))]
    assert [reason for reason in reasons if set(reason) & set("|\n<>&*")] == []
    assert {verdict_of(change).reason for change in varied().diff.changes} <= set(reasons)


def test_nothing_is_said_in_a_line() -> None:
    assert written(EMPTY) == f"{MARKER}\n### dagserial: no changes\n\n`main` → `HEAD`\n"
