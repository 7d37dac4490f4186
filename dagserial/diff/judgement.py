"""Judge changes: by which rule each one falls, how grave it is, whom it reaches."""

from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.canonical import settled_bytes
from dagserial.diff.change import Change, Diff, Operation
from dagserial.diff.condition import CONDITIONS
from dagserial.diff.dag_pair import DagPair
from dagserial.diff.rules import RULES, Rule
from dagserial.diff.subject import subject_of
from dagserial.diff.verdict import Severity, Verdict
from dagserial.digest import Digest
from dagserial.model import Dag, Value
from dagserial.record import Record


class _Candidate(NamedTuple):
    """A rule that changes at one place may fall under, if its condition holds."""

    when: str | None
    rule: Rule


def _candidates() -> dict[tuple[str, Operation], tuple[_Candidate, ...]]:
    found: dict[tuple[str, Operation], tuple[_Candidate, ...]] = {}
    for rule in RULES.values():
        for place in rule.sites:
            for operation in place.operations:
                key = (place.subject, operation)
                found[key] = (*found.get(key, ()), _Candidate(place.when, rule))
    return found


CANDIDATES = _candidates()
"""By place and operation, the rules in the order in which they are tried; the last has no condition."""


def judged(diff: Diff, old: Mapping[str, Dag | Record], new: Mapping[str, Dag | Record]) -> Diff:
    """Return a diff whose changes have their verdicts.

    Args:
        old: the DAGs that were compared, by dag_id.
        new: the same of the new side.
    """
    pairs: dict[str, DagPair] = {}
    changes = []
    for change in diff.changes:
        dag_id = change.object.dag_id
        if dag_id not in pairs:
            pairs[dag_id] = DagPair(old.get(diff.old_id(dag_id)), new.get(dag_id))
        changes.append(msgspec.structs.replace(change, verdict=verdict_of(change, pairs[dag_id])))
    return msgspec.structs.replace(diff, changes=tuple(changes))


def rule_of(change: Change, dags: DagPair) -> Rule:
    """Return the one rule that a change falls under."""
    candidates = CANDIDATES[subject_of(change), change.operation]
    return next(rule for when, rule in candidates if when is None or CONDITIONS[when](change, dags))


def verdict_of(change: Change, dags: DagPair) -> Verdict:
    """Return what is held of a change."""
    rule = rule_of(change, dags)
    severity, reason = _gravity(rule, change, dags)
    return Verdict(
        rule=rule.id,
        category=rule.category,
        severity=severity,
        affects=rule.affects,
        reason=reason,
        fingerprint=_fingerprint(rule.id, change),
    )


def _gravity(rule: Rule, change: Change, dags: DagPair) -> tuple[Severity, str]:
    for case in rule.cases:
        if CONDITIONS[case.when](change, dags):
            return case.severity, case.reason
    return rule.severity, rule.reason


def _fingerprint(rule_id: str, change: Change) -> str:
    target = change.object
    sides = [_digest(side) for side in (change.before, change.after)]
    return sha256(settled_bytes([rule_id, target.dag_id, target.kind, target.id, change.path, *sides])).hexdigest()


def _digest(side: Value | UnsetType) -> str | None:
    return None if side is UNSET else str(Digest.of(settled_bytes(side)))
