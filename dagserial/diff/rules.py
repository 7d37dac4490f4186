"""Hold the rules of the diff: the data of `rules.json`, checked as it is read."""

from difflib import get_close_matches
from pathlib import Path
from typing import get_args

import msgspec

from dagserial.diff.change import Operation
from dagserial.diff.verdict import Affected, Category, Severity
from dagserial.errors import NotFoundError


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A condition under which a change that falls under a rule is of another severity.

    Attributes:
        when: name of a condition of `dagserial.diff.condition`.
    """

    when: str
    severity: Severity
    reason: str


class Place(msgspec.Struct, frozen=True):
    """Where changes fall under a rule.

    Attributes:
        subject: as `dagserial.diff.subject.subject_of` names it.
        operations: of the changes that are meant.
        when: name of the condition that must hold; None if there is none.
    """

    subject: str
    operations: tuple[Operation, ...]
    when: str | None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is held of every change of one sort.

    Attributes:
        places: as `subject`, `subject:operation,operation` or either with `?condition`; of the rules that a change
            fits, it falls under the first.
        cases: the first that holds decides; if none does, `severity` and `reason` stand.
        example: a change of the sort, in words.
        mirror: id of the rule that the opposite change falls under, if it is another.
        waiver: why an `-added` has no `-removed`, or the other way round.
    """

    id: str
    category: Category
    severity: Severity
    affects: tuple[Affected, ...]
    places: tuple[str, ...]
    reason: str
    example: str
    cases: tuple[Case, ...] = ()
    mirror: str | None = None
    waiver: str | None = None

    @property
    def sites(self) -> tuple[Place, ...]:
        """The places, taken apart."""
        return tuple(_place(text) for text in self.places)

    @property
    def opposite(self) -> str:
        """Id of the rule that the opposite change falls under."""
        return self.mirror or self.id

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The operations of its changes, in a fixed order."""
        met = {operation for place in self.sites for operation in place.operations}
        return tuple(operation for operation in OPERATIONS if operation in met)


OPERATIONS: tuple[Operation, ...] = get_args(Operation)
_WITHIN: tuple[Operation, ...] = ("added", "removed", "changed", "moved")
"""What a place means that names no operation: any but that of objects as a whole."""


def _place(text: str) -> Place:
    """Take a place apart.

    >>> _place("edge:added?required")
    Place(subject='edge', operations=('added',), when='required')
    """
    where, _, condition = text.partition("?")
    subject, _, names = where.partition(":")
    operations = msgspec.convert(names.split(","), tuple[Operation, ...]) if names else _WITHIN
    return Place(subject, operations, condition or None)


_FILE = Path(__file__).with_name("rules.json")
RULES: dict[str, Rule] = {rule.id: rule for rule in msgspec.json.decode(_FILE.read_bytes(), type=tuple[Rule, ...])}
"""Every rule by its id, in the order in which they are tried."""


def rule(rule_id: str) -> Rule:
    """Return the rule of an id.

    Raises:
        NotFoundError: there is none; the message names those of the nearest ids.
    """
    if rule_id in RULES:
        return RULES[rule_id]
    near = (
        get_close_matches(rule_id, RULES, n=3, cutoff=0.4) or [one for one in RULES if rule_id and rule_id in one][:3]
    )
    hint = f"; the nearest are {', '.join(near)}" if near else "; `dagserial rules` lists them"
    raise NotFoundError(f"there is no rule {rule_id!r}{hint}")
