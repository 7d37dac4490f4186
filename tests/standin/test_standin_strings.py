"""Variables and environment variables that nobody supplied: symbols in string's clothes."""

from __future__ import annotations

import pytest
from standin_trees import Found, read_expressions, shown

PREAMBLE = """import json, os
from airflow.models import Variable
from airflow.hooks.base import BaseHook
text = Variable.get("key")
tree = Variable.get("tree", deserialize_json=True)
host = BaseHook.get_connection("db").host
"""
KEY = {"$": "variable", "key": "key"}
TREE = {"$": "variable", "key": "tree", "json": True}
TABLES = {"$": "item", "of": TREE, "key": "tables"}


def method(of: object, name: str, *args: object) -> dict[str, object]:
    called: dict[str, object] = {"$": "call", "function": {"$": "get", "of": of, "name": name}}
    return called | ({"args": list(args)} if args else {})


KEPT: dict[str, tuple[str, object]] = {
    "whole": ("text", KEY),
    "in a list": ("[text]", [KEY]),
    "a part of a sum": ("text + '/x'", "{{ var.value.key }}/x"),
    "a part of an f-string": ("f'x {text}'", "x {{ var.value.key }}"),
    "a part of a format": ("'{} %s'.format(text) % text", "{{ var.value.key }} {{ var.value.key }}"),
    "a part of a path": ("os.path.join('/a', text)", "/a/{{ var.value.key }}"),
    "joined": ("'-'.join(['a', text])", "a-{{ var.value.key }}"),
    "as JSON text": ("json.dumps({'a': text})", '{"a": "{{ var.value.key }}"}'),
    "parsed": (
        "json.loads(text)['a']",
        {"$": "item", "of": {"$": "call", "function": "json.loads", "args": [KEY]}, "key": "a"},
    ),
    "as str": ("str(text)", "{{ var.value.key }}"),
    "a method": ("text.upper()", method(KEY, "upper")),
    "methods": ("text.strip().replace('a', 'b')", method(method(KEY, "strip"), "replace", "a", "b")),
    "a method in text": ("f'{text.upper()}'", "${Variable.get('key').upper()}"),
    "an item": ("text[0]", {"$": "item", "of": KEY, "key": 0}),
    "equal to itself": ("[text == Variable.get('key'), text != Variable.get('key')]", [True, False]),
    "unlike another": ("text == Variable.get('other')", False),
    "bytes": ("text.encode()", {"$": "bytes", "base64": "e3sgdmFyLnZhbHVlLmtleSB9fQ=="}),
    "a JSON tree": ("tree", TREE),
    "in a JSON tree": ("tree['tables']", TABLES),
    "in a JSON tree, in text": (
        "f\"{tree} {tree['tables'][0]}\"",
        "{{ var.json.tree }} ${Variable.get('tree')['tables'][0]}",
    ),
    "in a JSON tree, joined": ("','.join([tree['tables']])", "${Variable.get('tree')['tables']}"),
    "in a JSON tree, a method": ("tree['tables'].split(',')", method(TABLES, "split", ",")),
    "in a JSON tree, a sum": ("'/a/' + tree['tables']", {"$": "op", "op": "+", "args": ["/a/", TABLES]}),
    "a connection's field": ("f'{host}:1'", "{{ conn.db.host }}:1"),
    "a connection's field, a method": (
        "host.lower()",
        method({"$": "get", "of": {"$": "connection", "id": "db"}, "name": "host"}, "lower"),
    ),
    "an environment variable": ("os.environ['E']", {"$": "environment", "name": "E"}),
    "an environment variable, a method": (
        "os.environ['E'].lower()",
        method({"$": "environment", "name": "E"}, "lower"),
    ),
    "an environment variable in text": ("f\"{os.environ['E']}/x\"", "${os.environ['E']}/x"),
}
"""Expression and how it is written."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: expression for name, (expression, _) in KEPT.items()}
    return read_expressions(tmp_path_factory.mktemp("kept"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", KEPT)
def test_a_missing_text_is_kept(kept: Found, name: str) -> None:
    assert shown(kept.args(name)["value"]) == shown(KEPT[name][1])


def test_what_is_kept_needs_no_warning(kept: Found) -> None:
    assert [kept.warnings(name) for name in KEPT if kept.warnings(name)] == []


FIXED: dict[str, tuple[str, object, str]] = {
    "equal": ("text == 'prod'", False, "equality of an unknown value: taken as False (Variable.get('key'))"),
    "unequal": ("text != 'prod'", True, "equality of an unknown value: taken as False (Variable.get('key'))"),
    "one of": ("text in ('a', 'b')", False, "equality of an unknown value: taken as False (Variable.get('key'))"),
    "a part": ("'a' in text", True, "membership of an unknown value: taken as True (Variable.get('key'))"),
    "truth": ("1 if text else 2", 1, "the truth of an unknown value: taken as True (Variable.get('key'))"),
    "length": ("len(text)", 1, "the length of an unknown value: taken as 1 (Variable.get('key'))"),
    "a number": ("int(text)", 1, "the number of an unknown value: taken as 1 (Variable.get('key'))"),
    "split": (
        "[part for part in text.split(',')]",
        [{"$": "item", "of": method(KEY, "split", ","), "key": 0}],
        "the items of an unknown value: taken as one (Variable.get('key').split(','))",
    ),
    "letters": (
        "[letter for letter in text]",
        [{"$": "item", "of": KEY, "key": 0}],
        "the items of an unknown value: taken as one (Variable.get('key'))",
    ),
    "a method's truth": (
        "1 if text.startswith('a') else 2",
        1,
        "the truth of an unknown value: taken as True (Variable.get('key').startswith('a'))",
    ),
    "in a JSON tree": (
        "tree['a'] == 1",
        False,
        "equality of an unknown value: taken as False (Variable.get('tree')['a'])",
    ),
    "an environment variable": (
        "os.environ['E'] == 'prod'",
        False,
        "equality of an unknown value: taken as False (os.environ['E'])",
    ),
}
"""Expression, its fixed answer, and what is noted of it."""


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: expression for name, (expression, _, _) in FIXED.items()}
    return read_expressions(tmp_path_factory.mktemp("fixed"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", FIXED)
def test_a_definite_answer_is_fixed_and_noted(fixed: Found, name: str) -> None:
    _, expected, message = FIXED[name]
    assert shown(fixed.args(name)["value"]) == shown(expected)
    assert [warning.partition(": ")[2] for warning in fixed.warnings(name)] == [message]
