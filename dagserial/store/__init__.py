"""Keep records, versions and stamps in SQL.

Sessions come from the caller, who owns their transaction: nothing here commits, and nothing looks at the clock.
"""

from dagserial.store.engine import create, open_engine, reading
from dagserial.store.records import RecordStore, Version
from dagserial.store.runs import Run, record_of_run, runs_of, stamp

__all__ = ["RecordStore", "Run", "Version", "create", "open_engine", "reading", "record_of_run", "runs_of", "stamp"]
