"""Writing a diff as SARIF 2.1.0."""

import json
from typing import Any
from urllib.parse import unquote

import jsonschema
import msgspec
from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.canonical import canonical_bytes
from dagserial.diff import RULES
from dagserial.diff.outputs import RENDERERS, Report

MESSAGE = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
LOCATIONS = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "physicalLocation": {
                "type": "object",
                "required": ["artifactLocation"],
                "properties": {
                    "artifactLocation": {
                        "required": ["uri"],
                        "properties": {
                            "uri": {"pattern": "^[A-Za-z0-9/._~!$&'()*+,;=%@-]+$"},
                            "uriBaseId": {"type": "string"},
                        },
                    },
                    "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
                },
            },
            "logicalLocations": {"type": "array", "uniqueItems": True, "items": {"type": "object"}},
        },
    },
}
RULE = {
    "type": "object",
    "required": ["id", "shortDescription", "fullDescription", "help"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string"},
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "defaultConfiguration": {"properties": {"level": LEVEL}},
        "properties": {"properties": {"tags": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}},
    },
}
RESULT = {
    "type": "object",
    "required": ["message", "ruleId", "ruleIndex", "level", "locations", "partialFingerprints"],
    "additionalProperties": False,
    "properties": {
        "kind": {"const": "fail"},
        "level": LEVEL,
        "locations": LOCATIONS | {"minItems": 1},
        "message": MESSAGE,
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "properties": {"type": "object"},
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "suppressions": {"items": {"required": ["kind"], "properties": {"kind": {"enum": ["inSource", "external"]}}}},
    },
}
NOTIFICATION = {
    "required": ["message"],
    "additionalProperties": False,
    "properties": {"descriptor": {"required": ["id"]}, "level": LEVEL, "locations": LOCATIONS, "message": MESSAGE},
}
SCHEMA = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "additionalProperties": False,
                "properties": {
                    "automationDetails": {"properties": {"id": {"type": "string"}}},
                    "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                    "invocations": {
                        "items": {
                            "required": ["executionSuccessful"],
                            "properties": {"toolExecutionNotifications": {"type": "array", "items": NOTIFICATION}},
                        }
                    },
                    "properties": {"type": "object"},
                    "results": {"type": "array", "items": RESULT},
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name"],
                                "properties": {"rules": {"type": "array", "uniqueItems": True, "items": RULE}},
                            }
                        },
                    },
                },
            },
        },
    },
}
"""What SARIF 2.1.0 asks of the parts that we write, and that we write no others."""


def run(found: Report) -> dict[str, Any]:
    """Read the one run of a log, checked."""
    body = RENDERERS["sarif"](found)
    assert isinstance(body, bytes)
    log = json.loads(body)
    jsonschema.Draft202012Validator(SCHEMA).validate(log)
    assert canonical_bytes(log) + b"\n" == body
    read: dict[str, Any] = log["runs"][0]
    return read


def test_each_change_is_a_result_under_its_rule() -> None:
    found = varied()
    log = run(found)
    rules = log["tool"]["driver"]["rules"]
    assert len(log["results"]) == len(found.diff.changes) + len(found.diff.ignored)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in log["results"])
    assert {rule["id"] for rule in rules} == {result["ruleId"] for result in log["results"]}
    levels = [result["level"] for result in log["results"] if "suppressions" not in result]
    counts = found.diff.summary().by_severity
    assert levels == ["error"] * counts.breaking + ["warning"] * counts.behavioural + ["note"] * counts.cosmetic


def test_a_result_is_placed_and_named_for_good() -> None:
    found = varied()
    (result,) = [result for result in run(found)["results"] if result["ruleId"] == "dag-removed"]
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "dags/gone.py", "uriBaseId": "%SRCROOT%"}
    assert physical["region"] == {"startLine": 7}
    (fingerprint,) = [
        change.verdict.fingerprint for change in found.diff.changes if change.verdict.rule == "dag-removed"
    ]
    assert result["partialFingerprints"] == {"dagserial/v1": fingerprint}


def test_rules_explain_themselves_by_the_catalogue() -> None:
    by_id = {rule["id"]: rule for rule in run(varied())["tool"]["driver"]["rules"]}
    rule = RULES["task-upstream-removed"]
    (case,) = rule.cases
    text = by_id[rule.id]["help"]["text"]
    assert rule.reason in text
    assert rule.example in text
    assert f"{case.severity} if {case.when}: {case.reason}" in text


def test_what_is_ignored_is_suppressed_with_the_reason() -> None:
    (result,) = [result for result in run(varied())["results"] if "suppressions" in result]
    assert result["ruleId"] == "task-retries-changed"
    assert result["suppressions"] == [{"kind": "external", "justification": "as agreed"}]


def test_files_that_could_not_be_read_are_notifications() -> None:
    (invocation,) = run(varied())["invocations"]
    uris = [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in invocation["toolExecutionNotifications"]
    ]
    assert uris == ["dags/old.py", "dags/odd%2C%20name%3A%25.py"]


def test_a_message_holds_neither_placeholders_nor_links() -> None:
    old, new = {"etl": dag("etl", {"a": bash("x")})}, {"etl": dag("etl", {"a": bash("{0} [here](1)")})}
    (result,) = run(report(old, new))["results"]
    assert '"{{0}} [here] (1)"' in result["message"]["text"]


def test_an_unknown_place_is_left_out_but_the_object_named() -> None:
    found = varied()
    sides = [msgspec.structs.replace(side, locations={}) for side in (found.base, found.head)]
    for result in run(msgspec.structs.replace(found, base=sides[0], head=sides[1]))["results"]:
        ((location),) = result["locations"]
        assert location.keys() == {"logicalLocations"}


def test_names_of_files_are_uris() -> None:
    found = varied()
    uris = {result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run(found)["results"]}
    assert f"dags/{NASTY}.py" in set(map(unquote, uris))


def test_nothing_is_a_run_without_results() -> None:
    log = run(EMPTY)
    assert (log["results"], log["tool"]["driver"]["rules"]) == ([], [])
