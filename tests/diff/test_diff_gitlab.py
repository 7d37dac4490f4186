"""Writing a diff as GitLab's Code Quality report."""

import json
from typing import Any

import jsonschema
import msgspec
from reports import EMPTY, varied

from dagserial.diff.outputs import RENDERERS, Report

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./|/)."},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                },
            },
        },
    },
}
"""What GitLab asks of a report (docs.gitlab.com, "Code Quality report format")."""


def issues(found: Report) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(RENDERERS["gitlab"](found))
    jsonschema.validate(read, SCHEMA)
    return read


def test_each_change_and_each_unread_file_is_an_issue_of_its_own() -> None:
    found = varied()
    read = issues(found)
    assert len(read) == len(found.diff.changes) + 2
    assert len({issue["fingerprint"] for issue in read}) == len(read)
    assert {change.verdict.fingerprint for change in found.diff.changes} <= {issue["fingerprint"] for issue in read}


def test_severities_and_places_are_those_of_the_changes() -> None:
    read = issues(varied())
    by_rule = {issue["check_name"]: (issue["severity"], issue["location"]) for issue in read}
    assert by_rule["dag-removed"] == ("critical", {"path": "dags/gone.py", "lines": {"begin": 7}})
    assert by_rule["dag-schedule-changed"] == ("minor", {"path": "dags/etl.py", "lines": {"begin": 9}})
    assert by_rule["dag-tags-changed"][0] == "info"
    assert by_rule["not-compared"] == ("major", {"path": "dags/odd, name:%.py", "lines": {"begin": 3}})
    assert read[0]["severity"] == "critical"


def test_a_change_of_unknown_place_is_reported_all_the_same() -> None:
    found = varied()
    sides = [msgspec.structs.replace(side, locations={}, errors=()) for side in (found.base, found.head)]
    read = issues(msgspec.structs.replace(found, base=sides[0], head=sides[1]))
    assert len(read) == len(found.diff.changes)
    assert {issue["location"]["path"] for issue in read} == {"."}


def test_nothing_is_an_empty_report() -> None:
    assert RENDERERS["gitlab"](EMPTY) == b"[]\n"
