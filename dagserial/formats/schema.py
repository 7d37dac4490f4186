"""Make the JSON Schema of a record format from its structs."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from dagserial.canonical import MAX_EXACT_INT
from dagserial.formats import v2
from dagserial.formats.tags import TAGS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"
_VALUE = {"$ref": _DEFS + "value"}
_STRICTER = {"upstream": {"uniqueItems": True}}
"""What holds for fields by name beyond their types, as far as a schema can say it."""
_ATTRIBUTE = re.compile(r"    (\w+): (.+)")


def record_schema() -> bytes:
    """Return the schema of the current format: the content of `schema/record.v2.json`."""
    return schema_bytes(v2.Document, v2.FORMAT, TAGS)


def schema_bytes(document: type[msgspec.Struct], number: int, tags: Mapping[str, str]) -> bytes:
    """Return the JSON Schema (2020-12) of a format, strict, with titles and descriptions from its structs' docstrings.

    Args:
        document: the wire shape, with all structs in it.
        tags: the tags that values may have, with what each stands for.
    """
    _, components = msgspec.json.schema_components([document], ref_template=_DEFS + "{name}")
    structs = {struct.__name__: struct for struct in _structs(document)}
    described = {_snake(name): _object(component, structs[name]) for name, component in components.items()}
    root = described.pop(_snake(document.__name__))
    root["properties"]["format"] |= {"const": number}
    head = {"$schema": _DIALECT, "$id": f"urn:dagserial:schema:record.v{number}"}
    title = {"title": f"Record of a DAG, format {number}"}
    schema = head | root | title | {"$defs": described | _value_defs(tags)}
    return (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()


def _structs(document: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """Return the structs that a document holds, itself among them."""
    found: set[type[msgspec.Struct]] = set()
    open_types: list[Any] = [msgspec.inspect.type_info(document)]
    while open_types:
        info = open_types.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                continue
            found.add(info.cls)
            open_types += [field.type for field in info.fields]
        for name in ("item_type", "key_type", "value_type"):
            open_types += [getattr(info, name)] if hasattr(info, name) else []
        for name in ("item_types", "types"):
            open_types += getattr(info, name, ())
    return found


def _object(component: dict[str, Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the schema of a struct: as msgspec makes it, with words, values and without what is omitted."""
    text, attributes = _docstring(struct)
    properties = {}
    for name, schema in component["properties"].items():
        absent = "" if name in component["required"] else "; absent if nothing was"
        words = attributes.get(name, f"What the author passed as `{name}`{absent}.")
        about = {"title": _title(name), "description": words}
        properties[name] = about | _written(_refined(schema)) | _STRICTER.get(name, {})
    required = {"required": component["required"]} if component["required"] else {}
    head = {"title": _title(_snake(struct.__name__)), "description": text, "type": "object"}
    return head | {"additionalProperties": False} | required | {"properties": properties}


def _docstring(struct: type[msgspec.Struct]) -> tuple[str, dict[str, str]]:
    """Return what a struct's docstring says of it, and of each of its attributes."""
    text, _, listed = inspect.cleandoc(struct.__doc__ or "").partition("\nAttributes:\n")
    attributes: dict[str, str] = {}
    name = ""
    for line in listed.partition("\n\n")[0].splitlines():
        if match := _ATTRIBUTE.fullmatch(line):
            name, attributes[match[1]] = match[1], match[2]
        elif name:
            attributes[name] += " " + line.strip()
    text = text.partition("\nRaises:\n")[0]
    return " ".join(text.split()), {name: said[0].upper() + said[1:] for name, said in attributes.items()}


def _refined(schema: Any) -> Any:
    """Return a schema with values where msgspec admits anything, and with our names of definitions."""
    if schema == {}:
        return dict(_VALUE)
    if not isinstance(schema, dict):
        return schema
    refined = {key: _refined_part(key, part) for key, part in schema.items()}
    if refined.get("type") == "object":
        refined.setdefault("additionalProperties", dict(_VALUE))
    return refined


def _refined_part(key: str, part: Any) -> Any:
    if key == "$ref":
        return _DEFS + _snake(part.removeprefix(_DEFS))
    if key in ("prefixItems", "anyOf"):
        return [_refined(one) for one in part]
    return _refined(part) if key in ("items", "additionalProperties") else part


def _written(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field where it is written: a default is omitted, so it is never there."""
    if "default" not in schema:
        return schema
    default = schema.pop("default")
    if schema.get("type") == "boolean":
        return {"const": not default}
    if default is None:
        kept = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
        return schema | (kept[0] if len(kept) == 1 else {"anyOf": kept})
    empty = {"array": {"minItems": 1}, "object": {"minProperties": 1}}
    return schema | (empty[schema["type"]] if not default else {"not": {"const": default}})


def _value_defs(tags: Mapping[str, str]) -> dict[str, Any]:
    known = [{"const": tag, "description": said[0].upper() + said[1:] + "."} for tag, said in sorted(tags.items())]
    return {
        "value": {
            "title": "Value",
            "description": "JSON that JSON keeps exactly; an object with a `$` key stands for a value that JSON lacks.",
            "minimum": -MAX_EXACT_INT,
            "maximum": MAX_EXACT_INT,
            "items": dict(_VALUE),
            "properties": {"$": {"title": "Tag", "description": "What the object stands for.", "$ref": _DEFS + "tag"}},
            "additionalProperties": dict(_VALUE),
        },
        "tag": {"title": "Tag", "description": "What a tagged value stands for.", "oneOf": known},
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _title(name: str) -> str:
    words = name.replace("_", " ")
    return re.sub(r"\b(dag|id|md|ui|sla)\b", lambda word: word[0].upper(), words[0].upper() + words[1:], flags=re.I)
