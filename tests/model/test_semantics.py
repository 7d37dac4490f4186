"""Each field of a record means one thing, and the docs say which."""

from __future__ import annotations

import msgspec
import pytest
from support import ROOT

from dagserial.authoring.node import PLACING
from dagserial.formats import v1
from dagserial.model import DagFields, Group, Mapping, Task, semantics

TABLES = [
    pytest.param(semantics.DAG, DagFields, id="dag"),
    pytest.param(semantics.TASK, Task, id="task"),
    pytest.param(semantics.GROUP, Group, id="group"),
    pytest.param(semantics.MAPPING, Mapping, id="mapping"),
]


@pytest.mark.parametrize(("table", "struct"), TABLES)
def test_each_field_has_exactly_one_meaning(table: dict[str, semantics.Meaning], struct: type[msgspec.Struct]) -> None:
    assert sorted(table) == sorted(struct.__struct_fields__)


@pytest.mark.parametrize(("table", "struct"), TABLES)
def test_flags_are_the_fields_that_are_false_where_absent(
    table: dict[str, semantics.Meaning], struct: type[msgspec.Struct]
) -> None:
    flags = {field.name for field in msgspec.structs.fields(struct) if field.default is False}
    assert {name for name, meaning in table.items() if meaning.shape == "flag"} == flags


def test_what_format_1_holds_has_a_meaning_once_it_is_upgraded() -> None:
    fields = {v1._RENAMED.get(name, name) for name in v1.DagFields.__struct_fields__}
    assert fields <= semantics.DAG.keys()


def test_arguments_that_place_a_task_are_not_among_those_with_a_meaning() -> None:
    assert semantics.ARGUMENTS.keys().isdisjoint(PLACING)


def test_edges_are_fields_of_a_task_that_place_it() -> None:
    assert {semantics.TASK[name].part for name in semantics.EDGES} == {"place"}


def test_an_argument_that_no_table_names_is_definition() -> None:
    assert semantics.ARGUMENTS.get("bash_command", semantics.UNKNOWN).part == "definition"


@pytest.mark.parametrize("table", [semantics.DAG, semantics.GROUP, semantics.ARGUMENTS], ids=["dag", "group", "args"])
def test_what_is_presentation_is_documented(table: dict[str, semantics.Meaning]) -> None:
    text = (ROOT / "docs/record.md").read_text()
    section = text.partition("## Digests of parts")[2].partition("\n## ")[0]
    shown = [name for name, meaning in table.items() if meaning.part == "presentation"]
    assert [name for name in shown if f"`{name}`" not in section] == []
