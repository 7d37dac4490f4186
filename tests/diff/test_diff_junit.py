"""Writing a diff as JUnit XML."""

from xml.etree import ElementTree as ET

import pytest
from reports import EMPTY, NASTY, varied

from dagserial.diff.outputs import RENDERERS, Report
from dagserial.model.display import printable

COUNTS = {"tests", "failures", "errors"}
SHAPE: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), COUNTS | {"name", "time"}, {"testsuite"}),
    "testsuite": (
        COUNTS | {"name"},
        {"skipped", "file", "time"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": ({"name"}, {"classname", "time"}, {"skipped", "error", "failure", "system-out", "system-err"}),
    "skipped": (set(), set(), set()),
    "error": (set(), {"message", "type"}, set()),
    "failure": (set(), {"message", "type"}, set()),
    "system-out": (set(), set(), set()),
}
"""What a report may hold, as Jenkins' XSD for JUnit has it: attributes that must be, those that may be, children."""


def read(found: Report) -> ET.Element:
    """Read a report as a CI system does, and check its structure and its counts."""
    body = RENDERERS["junit"](found)
    assert isinstance(body, bytes)
    root = ET.fromstring(body)
    assert root.tag == "testsuites"
    for element in root.iter():
        required, allowed, children = SHAPE[element.tag]
        assert required <= set(element.keys()) <= required | allowed
        assert {child.tag for child in element} <= children
    for element in (root, *root):
        for attribute, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            if element is not root or attribute != "skipped":
                assert int(element.attrib[attribute]) == len(list(element.iter(tag)))
    return root


def test_each_change_is_a_test_of_its_own() -> None:
    found = varied()
    cases = list(read(found).iter("testcase"))
    assert len(cases) == len(found.diff.changes) + len(found.diff.ignored) + 2
    assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
    suites = [suite.get("name") for suite in read(found)]
    assert suites == [printable(NASTY), "etl", "gone", "here_now", "new", "not-compared"]


@pytest.mark.parametrize("level", ["breaking", "behavioural", "cosmetic", "never"])
def test_what_closes_the_gate_has_failed(level: str) -> None:
    found = varied(fails_from=level)
    counts = found.diff.summary().by_severity
    failures = {
        "never": 0,
        "breaking": counts.breaking,
        "behavioural": counts.breaking + counts.behavioural,
        "cosmetic": len(found.diff.changes),
    }
    assert int(read(found).attrib["failures"]) == failures[level]


def test_a_failure_says_what_why_and_where() -> None:
    failure = read(varied()).find(".//testcase[@name='task load: task-removed']/failure")
    assert failure is not None
    assert failure.attrib == {"type": "breaking", "message": "DAG etl, task load: removed (ops.Bash)."}
    lines = str(failure.text).splitlines()
    assert lines[1:3] == [
        "Instances in runs under way become REMOVED; those of the past cannot be cleared.",
        "dags/etl.py:9",
    ]


def test_what_is_ignored_is_skipped_with_the_reason() -> None:
    skipped = read(varied()).find(".//testcase[@name='task get args/retries: task-retries-changed']/skipped")
    assert skipped is not None
    assert skipped.text == "ignored: as agreed"


def test_a_file_that_only_the_head_cannot_be_read_in_is_an_error() -> None:
    base, head = read(varied())[-1]
    assert [child.tag for child in base] == ["skipped"]
    assert [child.tag for child in head] == ["error"]
    assert str(head[0].get("message")).startswith("dags/odd, name:%.py was not compared: at the head")


def test_text_of_dags_comes_back_as_it_is_shown() -> None:
    texts = [str(element.text) for element in read(varied()).iter("system-out")]
    assert any(f"DAG etl, task {printable(NASTY)}, args/bash_command" in text for text in texts)


def test_nothing_is_one_test_that_passes() -> None:
    root = read(EMPTY)
    assert [case.get("name") for case in root.iter("testcase")] == ["no changes"]
    assert root.get("failures") == "0"
