"""Writing values for people."""

from typing import Any

import pytest
from diff_dags import values
from hypothesis import given
from hypothesis import strategies as st

from dagserial.model.display import cut, display, printable

CODE = "sha256:0123456789" + 54 * "a"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("a\n\"b'", '"a\\n\\"b\'"'),
        ("größe 東京", '"größe 東京"'),
        ([1, {"a": []}], '[1, {"a": []}]'),
        ({"$": "timedelta", "value": "PT5M"}, "timedelta PT5M"),
        (
            {"$": "datetime", "value": "2024-01-01T00:00:00", "zone": "Europe/Oslo"},
            "datetime 2024-01-01T00:00:00 Europe/Oslo",
        ),
        ({"$": "datetime", "value": "2024-01-01T00:00:00", "fold": 1}, 'datetime 2024-01-01T00:00:00 {"fold": 1}'),
        ({"$": "float", "value": "1.0"}, "float 1.0"),
        ({"$": "xcom", "task": "extract"}, "xcom extract"),
        ({"$": "xcom", "task": "extract", "key": "rows"}, "xcom extract rows"),
        ({"$": "callable", "name": "m.f", "code": CODE}, "function m.f@01234567"),
        (
            {"$": "callable", "name": "m.f", "code": CODE, "closure": {"n": 1}},
            'function m.f@01234567 {"closure": {"n": 1}}',
        ),
        ({"$": "callable", "name": "m.f"}, "function m.f"),
        ({"$": "class", "name": "m.A", "code": CODE}, "class m.A@01234567"),
        ({"$": "class", "name": "m.A"}, "class m.A"),
        ({"$": "object", "class": "m.A", "code": CODE, "args": [1]}, 'object m.A@01234567 {"args": [1]}'),
        ({"$": "file", "path": "a.sql", "digest": CODE}, "file a.sql@01234567"),
        ({"$": "file", "path": {"$": "path"}, "digest": CODE}, f'file {{"path": path, "digest": "{CODE}"}}'),
        ({"$": "param", "default": {"$": "int", "value": "9"}}, "param int 9"),
        ({"$": "param", "default": 1, "schema": {}}, 'param {"default": 1, "schema": {}}'),
        ({"$": "tuple", "items": [1, "a"]}, '(1, "a")'),
        ({"$": "set", "items": [1]}, "{1}"),
        ({"$": "frozenset", "items": []}, "frozenset{}"),
        ({"$": "rooted", "parts": ["cat ", "/a.sql"]}, 'rooted "cat <root>/a.sql"'),
        ({"$": "not-invented-yet"}, "not-invented-yet"),
        ({"$": "not-invented-yet", "x": [1]}, 'not-invented-yet {"x": [1]}'),
        ({"$": "timedelta", "value": 5}, 'timedelta {"value": 5}'),
        ({"$": "tuple", "items": 5}, 'tuple {"items": 5}'),
        ({"$": 5}, '{"$": 5}'),
    ],
)
def test_values_are_json_but_for_tagged_ones(value: Any, expected: str) -> None:
    assert display(value) == expected


@given(values | st.text() | st.dictionaries(st.text(), st.text()))
def test_values_are_one_printable_line(value: Any) -> None:
    assert display(value).isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31m", r"a\u001b[31m"),
        ("\x9b31m", r"\u009b31m"),
        ("\x7f", r"\u007f"),
        ("\n\r\t", r"\n\r\t"),
        ("\u202e\u2066", r"\u202e\u2066"),
        ("\U000e0001", r"\U000e0001"),
        ("näive 🙂", "näive 🙂"),
    ],
)
def test_what_a_terminal_acts_on_or_hides_is_escaped(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_nesting_is_cut_where_nobody_reads_on() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    assert display(value) == "[" * 21 + "…" + "]" * 21


@given(st.text(), st.integers(1, 20))
def test_a_cut_text_fits_and_shows_that_it_was_cut(text: str, width: int) -> None:
    short = cut(text, width)
    assert len(short) <= width
    assert short == text or short.endswith("…")
