"""Say in words how grave the changes of a diff are, and what the settings made of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET

from dagserial.diff.change import Change, Diff
from dagserial.diff.flight import told_flight
from dagserial.diff.verdict import SEVERITIES, Verdict
from dagserial.model.display import printable


def gravest(changes: Iterable[Change]) -> str:
    """Return the severity of the gravest change; an empty string if none was judged."""
    met = {change.verdict.severity for change in changes if change.verdict is not UNSET}
    return max(met, key=SEVERITIES.index, default="")


def met(change: Change) -> str:
    """Return what of the runs under way a change meets, in words; empty if nothing, or if that was not asked for."""
    if change.in_flight is UNSET or change.verdict is UNSET:
        return ""
    return told_flight(change.in_flight, reaches_pinned="in_flight_pinned" in change.verdict.affects)


def why(change: Change) -> str:
    """Return the reason of a judged change, and what it meets."""
    return " ".join(filter(None, [change.verdict.reason if change.verdict is not UNSET else "", met(change)]))


def the_gravest(changes: Sequence[Change], most: int | None) -> Sequence[Change]:
    """Return no more changes than so many, the gravest ones, in the order in which they are; all for None."""
    if most is None or len(changes) <= most:
        return changes
    kept = sorted(range(len(changes)), key=lambda at: _rank(changes[at]), reverse=True)[:most]
    return [changes[at] for at in sorted(kept)]


def _rank(change: Change) -> int:
    return -1 if change.verdict is UNSET else SEVERITIES.index(change.verdict.severity)


def tag(change: Change) -> str:
    """Return the rule of a change as it stands behind it, `[task-removed]`; an empty string if it was not judged."""
    return f"[{change.verdict.rule}]" if change.verdict is not UNSET else ""


def graded(diff: Diff) -> str:
    """Return how many changes there are of each severity, gravest first; an empty string if none was judged."""
    if not gravest(diff.changes):
        return ""
    counts = diff.summary().by_severity
    return f"{counts.breaking} breaking, {counts.behavioural} behavioural, {counts.cosmetic} cosmetic."


def settled_lines(diff: Diff) -> Iterator[str]:
    """Yield what the settings made of a diff: which changes they ignore and why, and of which severity they make."""
    ignores = Counter((one.ignore.named, one.ignore.reason) for one in diff.ignored)
    for (named, reason), count in ignores.items():
        yield f"{counted(count, 'change')} ignored: {printable(named)} ({printable(reason)})."
    for (rule, before, after), count in Counter(map(_regrading, _overridden(diff))).items():
        yield f"{counted(count, 'change')} by the settings {after}, not {before}: rule {rule}."


def _overridden(diff: Diff) -> Iterator[Verdict]:
    for change in diff.changes:
        if change.verdict is not UNSET and change.verdict.default_severity is not UNSET:
            yield change.verdict


def _regrading(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.rule, str(verdict.default_severity), verdict.severity


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: `1 task`, `2 tasks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
