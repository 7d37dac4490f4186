"""Say what a trigger rule makes of the states upstream (Airflow 3.3, `TriggerRuleDep`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from dagserial.errors import InvalidDagError
from dagserial.model import Task

Verdict = Literal["run", "wait", "skipped", "upstream_failed", "removed"]
"""What becomes of an instance: it may run, it waits, or it comes to an end without running, in that state."""


class Upstream(NamedTuple):
    """How many instances upstream are there, and in which states.

    Attributes:
        expected: all of them.
        setups: those of setups.
        map_index: of the instance over which is decided.
    """

    expected: int
    success: int = 0
    failed: int = 0
    skipped: int = 0
    upstream_failed: int = 0
    removed: int = 0
    setups: int = 0
    setups_succeeded: int = 0
    setups_skipped: int = 0
    map_index: int = -1

    @property
    def done(self) -> int:
        """How many have come to their end."""
        return self.success + self.failed + self.skipped + self.upstream_failed + self.removed

    @property
    def is_done(self) -> bool:
        """Whether all have come to their end."""
        return self.done >= self.expected

    @property
    def broken(self) -> int:
        """How many failed, or have something upstream that did."""
        return self.failed + self.upstream_failed

    @property
    def is_lost(self) -> bool:
        """Whether the instance is one of those that a mapped task upstream lost when it shrank."""
        return bool(self.removed and self.success) and self.map_index >= self.success


def trigger_rule_of(task_id: str, task: Task) -> str:
    """Return the trigger rule of a task; a teardown has its own, and what Airflow 2 called a rule is read as today's.

    Raises:
        InvalidDagError: the task has none that Airflow knows.
    """
    if task.teardown:
        return "all_done_setup_success"
    declared = task.args.get("trigger_rule") or "all_success"
    rule = _FORMER_NAMES.get(declared, declared) if isinstance(declared, str) else None
    if rule not in TRIGGER_RULES:
        raise InvalidDagError(f"task {task_id!r} has the trigger rule {declared!r}, which is none")
    return rule


def judge(rule: str, upstream: Upstream) -> Verdict:
    """Return what a trigger rule makes of the states upstream of an instance.

    >>> judge("all_success", Upstream(expected=2, success=1)), judge("one_success", Upstream(expected=2, success=1))
    ('wait', 'run')
    """
    return TRIGGER_RULES[rule](upstream)


def judge_setups(setups: Upstream) -> Verdict:
    """Return what becomes of an instance by the setups that it needs without being directly downstream of them."""
    missing = setups.expected - setups.success - (setups.removed if setups.map_index >= 0 else 0)
    return _hindered(setups) or _run_if(missing <= 0)


def _hindered(up: Upstream) -> Verdict | None:
    """Return what becomes of an instance that needs all upstream to succeed; None if it still can run."""
    if up.broken:
        return "upstream_failed"
    if up.skipped:
        return "skipped"
    return "removed" if up.is_lost else None


def _run_if(holds: bool) -> Verdict:
    return "run" if holds else "wait"


def _all_success(up: Upstream) -> Verdict:
    return _hindered(up) or _run_if(up.success + up.removed >= up.expected)


def _all_failed(up: Upstream) -> Verdict:
    if up.success or up.skipped:
        return "skipped"
    return _run_if(up.broken + up.removed >= up.expected)


def _all_done_min_one_success(up: Upstream) -> Verdict:
    if up.skipped:
        return "skipped"
    if not up.is_done:
        return "wait"
    return "run" if up.success else "upstream_failed"


def _all_done_setup_success(up: Upstream) -> Verdict:
    if not up.is_done:
        return "wait"
    if up.setups and up.setups_skipped >= up.setups:
        return "skipped"
    return "upstream_failed" if up.setups and not up.setups_succeeded else "run"


def _all_skipped(up: Upstream) -> Verdict:
    if up.success or up.broken:
        return "skipped"
    return _run_if(up.skipped >= up.expected)


def _one_success(up: Upstream) -> Verdict:
    if up.success:
        return "run"
    if not up.is_done:
        return "wait"
    return "skipped" if up.done == up.skipped else "upstream_failed"


def _one_failed(up: Upstream) -> Verdict:
    if up.broken:
        return "run"
    return "skipped" if up.is_done else "wait"


def _one_done(up: Upstream) -> Verdict:
    if up.success or up.failed:
        return "run"
    return "skipped" if up.is_done else "wait"


def _none_failed(up: Upstream) -> Verdict:
    if up.broken:
        return "upstream_failed"
    return _run_if(up.is_done)


def _none_failed_min_one_success(up: Upstream) -> Verdict:
    if up.broken:
        return "upstream_failed"
    if up.skipped == up.expected:
        return "skipped"
    if not up.is_done:
        return "wait"
    return "run" if up.success else "upstream_failed"


def _none_skipped(up: Upstream) -> Verdict:
    return "skipped" if up.skipped else _run_if(up.is_done)


TRIGGER_RULES: dict[str, Callable[[Upstream], Verdict]] = {
    "all_done": lambda up: _run_if(up.is_done),
    "all_done_min_one_success": _all_done_min_one_success,
    "all_done_setup_success": _all_done_setup_success,
    "all_failed": _all_failed,
    "all_skipped": _all_skipped,
    "all_success": _all_success,
    "always": lambda up: "run",
    "none_failed": _none_failed,
    "none_failed_min_one_success": _none_failed_min_one_success,
    "none_skipped": _none_skipped,
    "one_done": _one_done,
    "one_failed": _one_failed,
    "one_success": _one_success,
}
"""Every trigger rule of Airflow 3.3, and so every one of Airflow 2.11 that it has not given up."""

HASTY = frozenset({"none_failed_min_one_success", "one_done", "one_failed", "one_success"})
"""Rules that may hold, or be lost, before all upstream is done (Airflow 3.3, `is_fast_triggered`)."""

_FORMER_NAMES = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}
"""What Airflow 2 called some rules, too."""
