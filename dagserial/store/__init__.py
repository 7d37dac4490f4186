"""Keep records, versions and stamps in SQL.

Sessions come from the caller, who owns their transaction: nothing here commits, and nothing looks at the clock.
"""

from dagserial.store.engine import create, open_engine, reading
from dagserial.store.instances import (
    Instance,
    RunInFlight,
    instances_of,
    put_instances,
    runs_in_flight,
    set_run_state,
)
from dagserial.store.records import RecordStore
from dagserial.store.referrers import Referrer
from dagserial.store.runs import Run, record_of_run, runs_of, stamp
from dagserial.store.versions import Origin, Version

__all__ = [
    "Instance",
    "Origin",
    "RecordStore",
    "Referrer",
    "Run",
    "RunInFlight",
    "Version",
    "create",
    "instances_of",
    "open_engine",
    "put_instances",
    "reading",
    "record_of_run",
    "runs_in_flight",
    "runs_of",
    "set_run_state",
    "stamp",
]
