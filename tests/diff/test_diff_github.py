"""Writing a diff as GitHub's workflow commands."""

import re
from typing import Any

import msgspec
import pytest
from reports import EMPTY, bash, dag, report, varied

from dagserial.diff import Location
from dagserial.diff.outputs import RENDERERS, Report


def commands(found: Report) -> list[tuple[str, dict[str, str], str]]:
    """Read commands as the runner does: name, properties, message."""
    read = []
    for line in str(RENDERERS["github"](found)).split("\n")[:-1]:
        name, said, message = re.fullmatch(r"::(\w+) ([^:]*)::([^\r\n]*)", line).groups()  # type: ignore[union-attr]
        properties = dict(part.split("=", 1) for part in said.split(","))
        read.append((name, {key: unescaped(value) for key, value in properties.items()}, unescaped(message)))
    return read


def unescaped(text: str) -> str:
    for code, letter in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, letter)
    return text


def test_each_change_is_a_command_gravest_first() -> None:
    found = varied()
    read = commands(found)
    order = ["error", "warning", "notice"]
    names = [name for name, _, _ in read[:-2]]
    assert names == sorted(names, key=order.index)
    counts = found.diff.summary().by_severity
    assert [names.count(name) for name in order] == [counts.breaking, counts.behavioural, counts.cosmetic]


def test_a_command_says_where_by_which_rule_what_and_why() -> None:
    old, new = {"etl": dag("etl", {"a": bash("x"), "b": bash("y")})}, {"etl": dag("etl", {"a": bash("z")})}
    assert str(RENDERERS["github"](report(old, new))).splitlines() == [
        "::error file=dags/etl.py,line=9,title=task-removed::DAG etl, task b: removed (ops.Bash). "
        "Instances in runs under way become REMOVED; those of the past cannot be cleared.",
        "::warning file=dags/etl.py,line=9,title=task-argument-changed::DAG etl, task a, args/bash_command: "
        'changed from "x" to "z". The operator gets another value.',
    ]


def test_what_is_gone_is_where_it_was() -> None:
    properties = {message.split(":")[0]: said for _, said, message in commands(varied())}
    assert properties["DAG gone"] == {"file": "dags/gone.py", "line": "7", "title": "dag-removed"}
    assert properties["DAG here_now"]["line"] == "9"


def test_an_unknown_place_is_left_out() -> None:
    found = varied()
    nowhere = msgspec.structs.replace(
        found,
        base=msgspec.structs.replace(found.base, locations={}),
        head=msgspec.structs.replace(found.head, locations={}, errors=()),
    )
    assert {frozenset(properties) for _, properties, _ in commands(nowhere)} == {frozenset({"title"})}


def test_files_that_could_not_be_read_are_warnings() -> None:
    base, head = commands(varied())[-2:]
    assert base == (
        "warning",
        {"title": "not-compared"},
        "dags/old.py was not compared: at the base it cannot be read: Timeout: 30 s",
    )
    assert head[1] == {"file": "dags/odd, name:%.py", "line": "3", "title": "not-compared"}


@pytest.mark.parametrize(
    ("file", "escaped"),
    [("a:b,c", "a%3Ab%2Cc"), ("100%\r\n", "100%25%0D%0A"), ("%0A", "%250A"), ("::x::", "%3A%3Ax%3A%3A")],
)
def test_properties_are_escaped_exactly(file: str, escaped: str) -> None:
    old: dict[str, Any] = {"etl": dag("etl", {"a": bash("100%: a, b")})}
    found = report(old, {"etl": dag("etl", {"a": bash("%0A")})})
    odd = msgspec.structs.replace(found, head=msgspec.structs.replace(found.head, locations={"etl": Location(file, 1)}))
    (line,) = str(RENDERERS["github"](odd)).splitlines()
    assert line.startswith(f"::warning file={escaped},line=1,title=task-argument-changed::DAG etl, ")
    assert 'from "100%25: a, b" to "%250A".' in line


def test_nothing_is_no_command() -> None:
    assert RENDERERS["github"](EMPTY) == ""
