"""Describe the API by what it is made of: its resources, and the structs that they answer."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import msgspec

from dagserial.digest import Digest
from dagserial.shipped import shipped
from dagserial.web.asked import API, Asked
from dagserial.web.problems import MEDIA_TYPE, PROBLEMS, Problem
from dagserial.web.resource import Written

if TYPE_CHECKING:
    from dagserial.web.resource import Resource

_REFERENCE = "#/components/schemas/{name}"
_ALWAYS = ("parameter", "path", "not_acceptable", "uri_too_long", "headers_too_large", "internal")
_OF_STORE = ("store_unavailable", "time_limit")
_OF_CALLERS = ("unauthenticated", "forbidden")
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def document(asked: Asked) -> Written:
    """Return the description, OpenAPI 3.1; its paths are right where the app is mounted."""
    prefix = str(asked.request.scope.get("root_path", ""))
    return Written(json.dumps(described(asked.site.resources, prefix)).encode())


def described(resources: tuple[Resource, ...], prefix: str = "") -> dict[str, Any]:
    """Return what the API is.

    Args:
        prefix: where the app is mounted.
    """
    answers = [resource.answer for resource in resources if resource.answer]
    _, components = msgspec.json.schema_components([*answers, Problem], schema_hook=_schema_of, ref_template=_REFERENCE)
    return {
        "openapi": "3.1.0",
        "info": {"title": "dagserial", "version": version("dagserial"), "license": {"name": "Apache-2.0"}},
        "servers": [{"url": prefix + API}],
        "paths": {_path(resource): {"get": _operation(resource)} for resource in resources},
        "components": {"schemas": {**components, "Diff": _diff_schema()}},
    }


def _schema_of(kind: type) -> dict[str, Any]:
    if kind is Digest:
        return dict(_DIGEST)
    raise NotImplementedError(f"{kind} has no schema")


def _path(resource: Resource) -> str:
    return resource.path if resource.is_exact else resource.path + ".json"


def _operation(resource: Resource) -> dict[str, Any]:
    said = {
        "operationId": resource.name,
        "summary": resource.summary,
        "parameters": [*_place_parameters(resource), *_query_parameters(resource)],
        "responses": _responses(resource),
    }
    return said if said["parameters"] else {key: value for key, value in said.items() if key != "parameters"}


_PLACES: dict[str, dict[str, Any]] = {
    "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "number": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "code": {"type": "string", "enum": list(PROBLEMS)},
}
"""What parts of paths may be; others are any text."""


def _place_parameters(resource: Resource) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PLACES.get(name, {"type": "string", "minLength": 1, "maxLength": 250}),
        }
        for name in re.findall(r"{(\w+)}", resource.path)
    ]


def _query_parameters(resource: Resource) -> list[dict[str, Any]]:
    schema = msgspec.json.schema(resource.query)
    properties = schema["$defs"][resource.query.__name__]["properties"]
    return [_query_parameter(name, dict(form)) for name, form in properties.items()]


def _query_parameter(name: str, form: dict[str, Any]) -> dict[str, Any]:
    # A parameter that is left out is no null.
    kinds = [kind for kind in form.pop("anyOf", []) if kind.get("type") != "null"]
    for kind in kinds:
        form.update(kind)
    default = form.get("default")
    if default is None:
        form.pop("default", None)
    said = {"name": name, "in": "query", "schema": form}
    description = form.pop("description", None)
    return said | {"description": description} if description else said


def _responses(resource: Resource) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if resource.answer is not None:
        content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name=resource.answer.__name__)}}}
    elif resource.name == "diff":
        content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name="Diff")}}}
    else:
        content = {resource.media_type: {"schema": {"type": "object"}}}
    found: dict[str, Any] = {"200": {"description": resource.summary, "content": content, "headers": _HEADERS}}
    found["304"] = {"description": "The client holds it already."}
    if resource.name in ("object", "diff", "run_record"):
        found["307"] = {"description": "It is elsewhere.", "headers": {"Location": {"schema": {"type": "string"}}}}
    if resource.name == "run_record":
        del found["200"], found["304"]
    codes = dict.fromkeys([*resource.problems, *_ALWAYS, *_OF_CALLERS, *_OF_STORE])
    for status in sorted({PROBLEMS[code].status for code in codes}):
        found[str(status)] = _problem(status, [code for code in codes if PROBLEMS[code].status == status])
    return found


_HEADERS = {"ETag": {"schema": {"type": "string"}}, "Cache-Control": {"schema": {"type": "string"}}}


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(name="Problem")}
    return {"description": ", ".join(codes), "content": {MEDIA_TYPE: {"schema": schema}}}


def _diff_schema() -> dict[str, Any]:
    """Return the schema of a diff, its references led to where it stands here."""
    text = (shipped("schema") / "diff.v1.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text.replace('"#/$defs/', '"#/components/schemas/Diff/$defs/'))
    schema.pop("$schema", None)
    schema.pop("$id", None)
    return schema
