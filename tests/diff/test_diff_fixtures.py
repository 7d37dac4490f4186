"""Each rule is found by a pair of DAG files, and nothing else is found there."""

import json

import pytest
from diff_fixtures import FOLDER, NAMES, fixture_diff, said

from dagserial.diff import RULES

UNREACHABLE = {"group-unknown-field-changed", "task-unknown-field-changed"}
"""Rules for fields that the model may have one day: no DAG file can make such a change today."""


def test_each_rule_and_each_of_its_cases_has_a_fixture() -> None:
    cases = {f"{rule.id}.{case.when}" for rule in RULES.values() for case in rule.cases}
    assert set(NAMES) == (RULES.keys() | cases) - UNREACHABLE


@pytest.mark.parametrize("name", NAMES)
def test_a_pair_of_files_is_found_to_fall_under_its_rule_and_no_other(name: str) -> None:
    rule_id, _, case = name.partition(".")
    diff = fixture_diff(name)
    assert {change.verdict.rule for change in diff.changes} == {rule_id}
    assert said(diff) == json.loads((FOLDER / name / "expected.json").read_text())
    rule = RULES[rule_id]
    held = next((one for one in rule.cases if one.when == case), rule)
    assert {(change.verdict.severity, change.verdict.reason) for change in diff.changes} == {
        (held.severity, held.reason)
    }


@pytest.mark.parametrize("name", [name for name in NAMES if "." not in name])
def test_the_same_files_the_other_way_round_fall_under_the_mirror(name: str) -> None:
    rule = RULES[name]
    assert {change.verdict.rule for change in fixture_diff(name, backwards=True).changes} == {rule.opposite}
