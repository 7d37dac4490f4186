"""The rules: every change falls under exactly one, and each is told from the others."""

import re
from typing import Any, get_args

import msgspec
import pytest
from diff_dags import dags, near_pairs
from hypothesis import given, settings

from dagserial.diff import Change, Target, compare_all, judged
from dagserial.diff.condition import CONDITIONS
from dagserial.diff.dag_pair import DagPair
from dagserial.diff.judgement import CANDIDATES, rule_of
from dagserial.diff.rules import RULES, Rule, rule
from dagserial.diff.subject import SUBJECTS, subject_of
from dagserial.diff.verdict import CATEGORIES
from dagserial.errors import NotFoundError
from dagserial.model import Dag, semantics

FIELDS = [
    *(("dag", name, f"/dag/{name}") for name in semantics.DAG if name != "params"),
    *(
        ("task", name, f"/tasks/t/{name}")
        for name in semantics.TASK
        if name not in ("args", "mapping", *semantics.EDGES)
    ),
    *(("task", f"args/{name}", f"/tasks/t/args/{name}") for name in semantics.ARGUMENTS),
    *(("group", name, f"/groups/g/{name}") for name in semantics.GROUP),
]
"""The fields of every table of meanings that are places of their own: kind, name, path."""

ELSEWHERE = {
    "dag/params": ("dag/param", "dag/param/within", "dag/params"),
    "task/args": ("task/args",),
    "task/labels": ("edge/label", "task/labels"),
    "task/mapping": (
        "task/mapping",
        "task/mapping/keys",
        "task/mapping/source",
        "task/mapping/item",
        "task/mapping/within",
    ),
    "task/upstream": ("edge", "task/upstream"),
}
"""The places of the other fields."""


def categories(subject: str) -> set[str]:
    """Return the categories of the rules that changes at a place fall under without condition."""
    found = [CANDIDATES[key][-1] for key in CANDIDATES if key[0] == subject]
    assert [candidate.when for candidate in found if candidate.when is not None] == []
    return {candidate.rule.category for candidate in found}


@pytest.mark.parametrize(("kind", "name", "path"), FIELDS, ids=[path for _, _, path in FIELDS])
def test_each_field_is_named_by_a_rule_and_has_one_category(kind: Any, name: str, path: str) -> None:
    change = Change("changed", Target("etl", kind, "t"), path, 1, 2)
    assert subject_of(change) == f"{kind}/{name}", "no rule names the field: give it a place in rules.json"
    assert len(categories(f"{kind}/{name}")) == 1


@pytest.mark.parametrize("field", ELSEWHERE)
def test_the_places_within_a_field_are_of_its_category(field: str) -> None:
    assert len(set.union(*(categories(subject) for subject in ELSEWHERE[field]))) == 1


def test_every_field_of_the_model_is_in_the_tables_that_rules_are_held_against() -> None:
    tables = {"dag": semantics.DAG, "task": semantics.TASK, "group": semantics.GROUP}
    fields = {f"{kind}/{name}" for kind, table in tables.items() for name in table}
    assert fields == {f"{kind}/{name}" for kind, name, _ in FIELDS if "args/" not in name} | ELSEWHERE.keys()


def test_at_each_place_every_operation_has_a_rule_without_condition() -> None:
    within = {(subject, operation) for subject in SUBJECTS for operation in ("added", "removed", "changed", "moved")}
    wholes = {"dag", "edge", "group", "task"}
    assert {key for key in within if key[0] not in wholes} <= CANDIDATES.keys()
    for whole in wholes:
        operations = {operation for subject, operation in CANDIDATES if subject == whole}
        assert operations == {"added", "removed"} | ({"renamed"} if whole != "edge" else set())
    for candidates in CANDIDATES.values():
        assert [candidate.when is None for candidate in candidates] == [False] * (len(candidates) - 1) + [True]


def test_rules_and_conditions_name_each_other() -> None:
    named = {place.when for one in RULES.values() for place in one.sites} - {None}
    named |= {case.when for one in RULES.values() for case in one.cases}
    assert named == CONDITIONS.keys()


def test_every_category_has_rules() -> None:
    assert {one.category for one in RULES.values()} == set(CATEGORIES)


@pytest.mark.parametrize("one", RULES.values(), ids=list(RULES))
def test_a_rule_is_well_formed(one: Rule) -> None:
    assert re.fullmatch(r"(dag|task|group)(-[a-z]+)+", one.id)
    assert one.reason.endswith(".")
    assert one.example
    assert not one.example.endswith(".")
    assert (one.severity == "cosmetic") == (one.affects == ()) or one.category == "authorization"


OPPOSITES = {
    "added": "removed",
    "disabled": "enabled",
    "earlier": "later",
    "grown": "shrunk",
    "narrowed": "widened",
}
OPPOSITES |= {other: word for word, other in OPPOSITES.items()}


@pytest.mark.parametrize("one", RULES.values(), ids=list(RULES))
def test_what_can_be_done_can_be_undone(one: Rule) -> None:
    """A rule whose id has a word with an opposite has a mirror whose id has that, or says why it has none."""
    words = [OPPOSITES[word] for word in one.id.split("-") if word in OPPOSITES]
    if words and not one.waiver:
        assert set(words) & set(one.opposite.split("-"))
    assert one.opposite in RULES
    assert not (one.waiver and one.mirror)
    back = RULES[one.opposite].opposite
    assert RULES[back].category == one.category


@given(near_pairs(), dags("other"))
@settings(deadline=None, max_examples=60)
def test_every_change_has_one_verdict(pair: tuple[Dag, Dag], other: Dag) -> None:
    old, new = {"etl": pair[0], "gone": other}, {"etl": pair[1], "come": other}
    diff = compare_all(old, new)
    verdicts = [change.verdict for change in judged(diff, old, new).changes]
    assert len(verdicts) == len(diff.changes)
    assert all(verdict.rule in RULES for verdict in verdicts)
    assert len({verdict.fingerprint for verdict in verdicts}) == len(verdicts)


def test_an_argument_that_no_rule_names_is_an_argument() -> None:
    change = Change("changed", Target("etl", "task", "t"), "/tasks/t/args/never_heard_of", 1, 2)
    assert rule_of(change, DagPair(None, None)).id == "task-argument-changed"


@pytest.mark.parametrize(
    ("kind", "path"), [("dag", "/dag/new_field"), ("task", "/tasks/t/new_field"), ("group", "/groups/t/new_field")]
)
def test_a_field_that_no_rule_names_is_held_to_count(kind: Any, path: str) -> None:
    found = rule_of(Change("changed", Target("etl", kind, "t"), path, 1, 2), DagPair(None, None))
    assert (found.id, found.category, found.severity) == (f"{kind}-unknown-field-changed", "unknown", "behavioural")


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="'task-remove'; the nearest are task-removed"):
        rule("task-remove")
    with pytest.raises(NotFoundError, match="`dagserial rules` lists them"):
        rule("§")


def test_the_rules_are_data_that_says_nothing_unknown() -> None:
    encoded = msgspec.json.encode(tuple(RULES.values()))
    assert msgspec.json.decode(encoded, type=tuple[Rule, ...]) == tuple(RULES.values())
    assert {operation for one in RULES.values() for operation in one.operations} == set(
        get_args(Change.__annotations__["operation"])
    )
