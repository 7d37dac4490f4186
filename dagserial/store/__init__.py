"""Keep records, versions and stamps in SQL.

Sessions come from the caller, who owns their transaction: nothing here commits, and nothing looks at the clock.
"""

from dagserial.store.engine import create, open_engine, reading
from dagserial.store.instances import (
    Instance,
    instances_of,
    put_instances,
    set_run_state,
)
from dagserial.store.records import RecordStore
from dagserial.store.referrers import Referrer
from dagserial.store.runs import Run, other_records, record_of_run, runs_of, stamp
from dagserial.store.stamped import Stamped, record_key
from dagserial.store.under_way import UnderWay, under_way
from dagserial.store.versions import Origin, Version

__all__ = [
    "Instance",
    "Origin",
    "RecordStore",
    "Referrer",
    "Run",
    "Stamped",
    "UnderWay",
    "Version",
    "create",
    "instances_of",
    "open_engine",
    "other_records",
    "put_instances",
    "reading",
    "record_key",
    "record_of_run",
    "runs_of",
    "set_run_state",
    "stamp",
    "under_way",
]
