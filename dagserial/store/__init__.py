"""Keep records, versions and stamps in SQL.

Sessions come from the caller, who owns their transaction: nothing here commits, and nothing looks at the clock.
"""

from dagserial.store.engine import create, open_engine, reading
from dagserial.store.expansion import Expansion, expand
from dagserial.store.instances import (
    Instance,
    instances_of,
    put_instances,
    set_run_state,
)
from dagserial.store.lazy import LazySequence, upstream_indexes, values_of
from dagserial.store.pushed import TaskMap, push_map
from dagserial.store.readiness import Ready, ready
from dagserial.store.records import RecordStore
from dagserial.store.referrers import Referrer
from dagserial.store.runs import Run, other_records, record_of_run, runs_of, stamp
from dagserial.store.stamped import Stamped
from dagserial.store.tables import record_key
from dagserial.store.under_way import UnderWay, under_way
from dagserial.store.versions import Origin, Version

__all__ = [
    "Expansion",
    "Instance",
    "LazySequence",
    "Origin",
    "Ready",
    "RecordStore",
    "Referrer",
    "Run",
    "Stamped",
    "TaskMap",
    "UnderWay",
    "Version",
    "create",
    "expand",
    "instances_of",
    "open_engine",
    "other_records",
    "push_map",
    "put_instances",
    "reading",
    "ready",
    "record_key",
    "record_of_run",
    "runs_of",
    "set_run_state",
    "stamp",
    "under_way",
    "upstream_indexes",
    "values_of",
]
