"""The schemas of records: strict, true, and in step with the structs."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support import ROOT

from dagserial.formats import v1, v2
from dagserial.formats.schema import record_schema
from dagserial.formats.tags import TAGS
from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

V1_SHA256 = "88954e4f616f320fb376629ba22f24ee50bbcb72188571deac36d4fbe56af161"
SCHEMAS = {number: json.loads((ROOT / f"schema/record.v{number}.json").read_text()) for number in (1, 2)}
VALIDATORS = {number: jsonschema.Draft202012Validator(schema) for number, schema in SCHEMAS.items()}
RECORDS = sorted((ROOT / "fixtures/records").glob("v*/**/*.json"))
REFUSED = ROOT / "fixtures/records/refused"
SHAPES = {
    "dag_field_unknown",
    "dag_id_missing",
    "dag_id_number",
    "dag_missing",
    "default_written",
    "field_unknown",
    "float_with_exponent",
    "format_missing",
    "format_text",
    "format_true",
    "format_unknown",
    "format_zero",
    "group_junk",
    "integer_inexact",
    "list",
    "null",
    "number_too_large",
    "params_object",
    "task_field_unknown",
    "task_junk",
    "task_null",
    "task_without_operator",
    "tasks_list",
    "upstream_text",
    "upstream_twice",
    "v1_default_written",
    "v1_mapping",
    "v1_params_list",
    "v1_schedule",
    "v1_setup",
    "v1_task_junk",
    "tag_in_an_expanded_source",
    "tag_number",
    "tag_unknown",
}
"""Refused records whose flaw is one of shape, so that a schema can tell."""
DOCUMENT: dict[str, Any] = {"dag": {"dag_id": "etl"}, "format": 2}


def name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def parts(schema: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Iterate over a schema and all schemas in it, with their places."""
    if isinstance(schema, dict):
        yield at, schema
        for key in ("properties", "$defs"):
            for field, part in schema.get(key, {}).items():
                yield from parts(part, f"{at}/{key}/{field}")
        for key in ("items", "additionalProperties"):
            yield from parts(schema.get(key), f"{at}/{key}")


def is_valid(document: Any, number: int = 2) -> bool:
    return VALIDATORS[number].is_valid(document)


def test_the_schema_of_the_current_format_is_the_one_its_structs_make(golden: Callable[[Path, bytes], None]) -> None:
    golden(ROOT / f"schema/record.v{v2.FORMAT}.json", record_schema())


def test_the_schema_of_format_1_is_frozen() -> None:
    assert hashlib.sha256((ROOT / "schema/record.v1.json").read_bytes()).hexdigest() == V1_SHA256


def test_every_format_has_its_schema() -> None:
    assert {file.stem for file in (ROOT / "schema").glob("record.*")} == {
        f"record.v{n}" for n in (v1.FORMAT, v2.FORMAT)
    }


@pytest.mark.parametrize("number", SCHEMAS)
def test_a_schema_is_one_of_2020_12_with_its_id(number: int) -> None:
    schema = SCHEMAS[number]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:dagserial:schema:record.v{number}"
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("number", SCHEMAS)
def test_every_definition_and_field_has_a_title_and_a_description(number: int) -> None:
    named = [(at, part) for at, part in parts(SCHEMAS[number]) if re.search(r"^#$|/(properties|\$defs)/[^/]+$", at)]
    assert len(named) > 40
    assert [at for at, part in named if not {"title", "description"} <= part.keys()] == []


@pytest.mark.parametrize("number", SCHEMAS)
def test_no_object_of_the_format_takes_further_fields(number: int) -> None:
    objects = [(at, part) for at, part in parts(SCHEMAS[number]) if "properties" in part and at != "#/$defs/value"]
    assert len(objects) >= 4
    assert [at for at, part in objects if part.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("number", SCHEMAS)
def test_every_field_of_every_struct_is_in_the_schema(number: int) -> None:
    wire: Any = {1: v1.DagFields, 2: v2.DagFields}[number]
    assert set(SCHEMAS[number]["$defs"]["dag_fields"]["properties"]) == set(wire.__struct_fields__)


@pytest.mark.parametrize("file", RECORDS, ids=name)
def test_a_record_is_what_the_schema_of_its_format_says(file: Path) -> None:
    record = Record.of(file.read_bytes())
    VALIDATORS[record.format].validate(json.loads(record.body))


def test_records_of_dag_files_are_what_the_schema_says() -> None:
    parsed = files.read(ROOT / "fixtures/dags", ReadOptions(dags=(".",))).parsed
    assert parsed
    for one in parsed:
        VALIDATORS[2].validate(json.loads(v2.encode(one.dag)))


@pytest.mark.parametrize("number", [1])
def test_an_upgraded_record_is_what_the_current_schema_says(number: int) -> None:
    for file in (ROOT / f"fixtures/records/v{number}").iterdir():
        VALIDATORS[2].validate(json.loads(v2.encode(Record.of(file.read_bytes()).dag())))


@pytest.mark.parametrize("file", sorted(REFUSED.glob("*.json")), ids=lambda file: file.stem)
def test_a_schema_refuses_what_it_can_tell(file: Path) -> None:
    try:
        document = json.loads(file.read_bytes())
    except ValueError:
        assert file.stem not in SHAPES
        return
    assert is_valid(document, 1 if file.stem.startswith("v1_") else 2) == (file.stem not in SHAPES)


@pytest.mark.parametrize("number", SCHEMAS)
@pytest.mark.parametrize("junk", ["junk", 1, None, [], True, {}, {"operator": 1}, {"operator": "o", "upstream": "a"}])
def test_junk_is_no_task(number: int, junk: Any) -> None:
    assert is_valid(DOCUMENT | {"format": number, "tasks": {"load": {"operator": "o"}}}, number)
    assert not is_valid(DOCUMENT | {"format": number, "tasks": {"load": junk}}, number)


@pytest.mark.parametrize("number", SCHEMAS)
def test_a_schema_takes_its_own_format_alone(number: int) -> None:
    assert is_valid(DOCUMENT | {"format": number}, number)
    assert not any(is_valid(DOCUMENT | {"format": other}, number) for other in (0, 3 - number, 3, "2", True))


@pytest.mark.parametrize(
    "task",
    [
        {"args": {}},
        {"group": None},
        {"labels": {}},
        {"mapping": None},
        {"on_failure_fail_dagrun": False},
        {"setup": False},
        {"teardown": False},
        {"upstream": []},
        {"mapping": {"expand": []}},
    ],
)
def test_a_default_is_never_written(task: dict[str, Any]) -> None:
    assert not is_valid(DOCUMENT | {"tasks": {"load": {"operator": "o"} | task}})


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({"$": "tuple", "items": [{"$": "int", "value": "9007199254740992"}]}, True),
        ({"$": "set"}, True),
        ({"$": "no such tag"}, False),
        ({"$": 1}, False),
        ({"$": None}, False),
        ({"$": {"a": 1}}, False),
        ([{"deep": {"$": "no such tag"}}], False),
        ({"$": "tuple", "items": [{"$": "no such tag"}]}, False),
        (2**53 - 1, True),
        (2**53, False),
        (-(2**53), False),
        (0.5, True),
        ({"a": [None, True, "text", {}]}, True),
    ],
)
def test_a_value_is_plain_json_or_has_a_known_tag(value: Any, taken: bool) -> None:
    assert is_valid({"dag": {"dag_id": "etl", "tags": value}, "format": 2}) == taken
    assert is_valid({"dag": {"dag_id": "etl", "extra": {"x": value}}, "format": 2}) == taken
    assert is_valid(DOCUMENT | {"tasks": {"load": {"operator": "o", "args": {"x": value}}}}) == taken
    mapped = {"operator": "o", "mapping": {"expand": [["x", value]]}}
    assert is_valid(DOCUMENT | {"tasks": {"load": mapped}}) == taken


def test_every_tag_that_the_code_writes_is_listed() -> None:
    text = "\n".join(file.read_text() for file in sorted((ROOT / "dagserial").rglob("*.py")))
    written = set(re.findall(r'"\$": ?"(\w+)"', text)) | set(re.findall(r'partial\(self._set, "(\w+)"', text))
    assert {"tuple", "set", "xcom"} <= written
    assert written - TAGS.keys() == set(), "add them to dagserial/formats/tags.py and run pytest --rewrite-goldens"


def test_the_page_names_every_tag_and_every_field() -> None:
    page = (ROOT / "docs/record.md").read_text()
    fields = {field for schema in SCHEMAS.values() for _, part in parts(schema) for field in part.get("properties", {})}
    assert [word for word in sorted(fields | TAGS.keys()) if f"`{word}`" not in page] == []
