"""DAGs as deterministic, SHA-256-addressed records, and their history.

The public names, in the order in which data flows. Each is imported when it is first used, so that `import dagserial`
costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagserial.diff import Diff, compare, compare_all
    from dagserial.digest import Digest
    from dagserial.errors import DagserialError
    from dagserial.history import History
    from dagserial.model import Dag, Decoder, Encoder, Group, Task
    from dagserial.record import Record, serialize, serialize_all
    from dagserial.store import RecordStore, stamp

_HOMES = {
    "Dag": "model",
    "Task": "model",
    "Group": "model",
    "Encoder": "model",
    "Decoder": "model",
    "Digest": "digest",
    "Record": "record",
    "serialize": "record",
    "serialize_all": "record",
    "History": "history",
    "RecordStore": "store",
    "stamp": "store",
    "Diff": "diff",
    "compare": "diff",
    "compare_all": "diff",
    "DagserialError": "errors",
}
"""Where each public name lives."""

__all__ = [
    "Dag",
    "DagserialError",
    "Decoder",
    "Diff",
    "Digest",
    "Encoder",
    "Group",
    "History",
    "Record",
    "RecordStore",
    "Task",
    "compare",
    "compare_all",
    "serialize",
    "serialize_all",
    "stamp",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dagserial' has no attribute {name!r}")
    return getattr(importlib.import_module(f"dagserial.{_HOMES[name]}"), name)
