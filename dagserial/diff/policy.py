"""Apply what the settings hold of changes: other severities, and changes to ignore."""

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from dagserial.diff.change import Change, Diff, Ignored
from dagserial.diff.verdict import Ignore, Severity


class Policy(msgspec.Struct, frozen=True):
    """What the settings say of changes.

    Attributes:
        severity: by rule, in place of the one that the rule says; it holds for all of the rule's cases.
        ignore: of those that fit a change, the first counts.
    """

    severity: dict[str, Severity] = {}
    ignore: tuple[Ignore, ...] = ()


class Applied(NamedTuple):
    """What became of a diff under a policy.

    Attributes:
        diff: without the changes that are ignored, which stand in `Diff.ignored`.
        expired: ignores whose day has passed; they ignore nothing.
        unused: ignores that no change fits.
    """

    diff: Diff
    expired: tuple[Ignore, ...]
    unused: tuple[Ignore, ...]


def applied(diff: Diff, policy: Policy, today: date) -> Applied:
    """Return a judged diff as a policy has it.

    Args:
        today: the last day on which an ignore that expires then holds.
    """
    live = [ignore for ignore in policy.ignore if ignore.expires is None or today <= ignore.expires]
    kept: list[Change] = []
    ignored: list[Ignored] = []
    used: set[int] = set()
    for change in diff.changes:
        regraded = _regraded(change, policy)
        at = next((at for at, ignore in enumerate(live) if _fits(ignore, regraded)), None)
        if at is None:
            kept.append(regraded)
        else:
            used.add(at)
            ignored.append(Ignored(regraded, live[at]))
    expired = tuple(ignore for ignore in policy.ignore if ignore not in live)
    unused = tuple(ignore for at, ignore in enumerate(live) if at not in used)
    return Applied(
        msgspec.structs.replace(diff, changes=tuple(kept), ignored=(*diff.ignored, *ignored)), expired, unused
    )


def _regraded(change: Change, policy: Policy) -> Change:
    """Return a change with the severity that the policy gives its rule."""
    verdict = change.verdict
    if verdict is UNSET or (severity := policy.severity.get(verdict.rule, verdict.severity)) == verdict.severity:
        return change
    other = msgspec.structs.replace(verdict, severity=severity, default_severity=verdict.severity)
    return msgspec.structs.replace(change, verdict=other)


def _fits(ignore: Ignore, change: Change) -> bool:
    """Tell whether all that an ignore names is that of a change; of a DAG that was renamed, either id."""
    verdict = change.verdict
    if verdict is UNSET:
        return False
    return (
        ignore.rule in (None, verdict.rule)
        and (ignore.dag is None or _any_fits(ignore.dag, (target.dag_id for target in change.targets)))
        and (ignore.fingerprint is None or verdict.fingerprint.startswith(ignore.fingerprint))
    )


def _any_fits(pattern: str, dag_ids: Iterable[str]) -> bool:
    return any(fnmatchcase(dag_id, pattern) for dag_id in dag_ids)
