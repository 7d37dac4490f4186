"""Hold Airflow's own enumerations: trigger rules, weight rules, states, weekdays, run types.

Values as in Airflow 2.x and 3.x (`airflow.utils.trigger_rule`, `weight_rule`, `state`, `weekday`, `types`).
"""

from __future__ import annotations

import enum


class _Text(enum.StrEnum):
    def __str__(self) -> str:
        return str(self.value)


class TriggerRule(_Text):
    """When a task runs, by the states of the tasks upstream."""

    ALL_SUCCESS = "all_success"
    ALL_FAILED = "all_failed"
    ALL_DONE = "all_done"
    ALL_DONE_SETUP_SUCCESS = "all_done_setup_success"
    ALL_DONE_MIN_ONE_SUCCESS = "all_done_min_one_success"
    ONE_SUCCESS = "one_success"
    ONE_FAILED = "one_failed"
    ONE_DONE = "one_done"
    NONE_FAILED = "none_failed"
    NONE_FAILED_OR_SKIPPED = "none_failed_or_skipped"
    NONE_FAILED_MIN_ONE_SUCCESS = "none_failed_min_one_success"
    NONE_SKIPPED = "none_skipped"
    ALL_SKIPPED = "all_skipped"
    ALWAYS = "always"
    DUMMY = "dummy"


class WeightRule(_Text):
    """How priorities add up."""

    DOWNSTREAM = "downstream"
    UPSTREAM = "upstream"
    ABSOLUTE = "absolute"


class TaskInstanceState(_Text):
    """States of a task instance."""

    REMOVED = "removed"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    RESTARTING = "restarting"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    UPSTREAM_FAILED = "upstream_failed"
    SKIPPED = "skipped"
    DEFERRED = "deferred"


class DagRunState(_Text):
    """States of a DagRun."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class State:
    """States as plain constants, as `airflow.utils.state.State` has them."""

    NONE = None
    SHUTDOWN = "shutdown"
    for _state in TaskInstanceState:
        locals()[_state.name] = _state.value
    del _state
    task_states = (None, *TaskInstanceState)
    finished = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
    unfinished = frozenset(state.value for state in TaskInstanceState) - finished
    failed_states = frozenset({"failed", "upstream_failed"})
    success_states = frozenset({"success", "skipped"})


class DagRunType(_Text):
    """Why a run was made."""

    BACKFILL_JOB = "backfill"
    SCHEDULED = "scheduled"
    MANUAL = "manual"
    ASSET_TRIGGERED = "asset_triggered"
    DATASET_TRIGGERED = "dataset_triggered"


class WeekDay(enum.IntEnum):
    """Days of the week, Monday first, from 1."""

    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6
    SUNDAY = 7


ENUMS = (TriggerRule, WeightRule, TaskInstanceState, DagRunState, DagRunType, WeekDay)
for _kind in ENUMS:
    _kind.__module__ = "airflow.enums"  # read as Airflow's own: the record holds the value alone
del _kind
