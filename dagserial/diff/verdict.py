"""Say what is held of a change: by which rule, how grave it is, whom it reaches, and why."""

from datetime import date
from typing import Literal, get_args

import msgspec
from msgspec import UNSET, UnsetType

Severity = Literal["cosmetic", "behavioural", "breaking"]
"""How grave a change is.

- cosmetic: the scheduler and the tasks do the same
- behavioural: what, when or how work runs is another for new work; identities stay
- breaking: what runs, history, callers or other DAGs hold on to is gone, or means something else
"""

SEVERITIES: tuple[Severity, ...] = ("cosmetic", "behavioural", "breaking")
"""From the lightest to the gravest."""

Level = Literal["cosmetic", "behavioural", "breaking", "never"]
"""From which severity on a gate is closed; never: it is always open."""

Category = Literal[
    "dag",
    "schedule",
    "runtime",
    "param",
    "callback",
    "authorization",
    "task",
    "dependency",
    "trigger",
    "mapping",
    "asset",
    "group",
    "metadata",
    "unknown",
]
"""What a change is about; the catalogue lists rules in this order."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

Affected = Literal["future_runs", "in_flight_unpinned", "in_flight_pinned", "history", "callers", "downstream_dags"]
"""Whom a change reaches: runs to come, runs under way (by whether they are pinned to a version of the code), what ran,
whoever starts runs, and other DAGs."""


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is held of one change.

    Attributes:
        rule: id of the rule that it falls under.
        default_severity: what the rule itself says, where the settings say otherwise.
        fingerprint: 64 hex that name the change for good: SHA-256 of RFC 8785 JSON of rule, dag_id, kind, id, path and
            the digests of both sides (null where there is none). Never of words.
    """

    rule: str
    category: Category
    severity: Severity
    affects: tuple[Affected, ...]
    reason: str
    fingerprint: str
    default_severity: Severity | UnsetType = UNSET


class Ignore(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes that the settings leave out; what is named must all fit.

    Attributes:
        rule: id of a rule.
        dag: shell pattern of dag_ids.
        fingerprint: of one change, or the first 8 hex of it or more.
        expires: the last day on which it holds; None if it holds for good.
    """

    reason: str
    rule: str | None = None
    dag: str | None = None
    fingerprint: str | None = None
    expires: date | None = None

    @property
    def named(self) -> str:
        """What it names, in words."""
        words = {"rule": self.rule, "dag": self.dag, "fingerprint": self.fingerprint and self.fingerprint[:12]}
        return ", ".join(f"{name} {word}" for name, word in words.items() if word)


def reaches(severity: Severity, level: Level) -> bool:
    """Tell whether a severity is at a level or above; none is at `never`.

    >>> reaches("breaking", "behavioural"), reaches("cosmetic", "behavioural"), reaches("breaking", "never")
    (True, False, False)
    """
    return level != "never" and SEVERITIES.index(severity) >= SEVERITIES.index(level)
