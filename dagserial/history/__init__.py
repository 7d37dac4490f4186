"""Read the records of a Git repository at any ref; nothing is ever written to it.

Each name is imported when it is first used, so that `patch` costs no more than it needs.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagserial.history.commits import Commit
    from dagserial.history.history import WORKTREE, History
    from dagserial.history.log import Event
    from dagserial.history.memo import Memo
    from dagserial.history.path import RefPath
    from dagserial.history.result import Entry
    from dagserial.history.side import FileSide
    from dagserial.history.snapshot import Snapshot

_HOMES = {
    "WORKTREE": "history",
    "Commit": "commits",
    "Entry": "result",
    "Event": "log",
    "FileSide": "side",
    "History": "history",
    "Memo": "memo",
    "RefPath": "path",
    "Snapshot": "snapshot",
}
"""The module in which each name lives."""

__all__ = ["WORKTREE", "Commit", "Entry", "Event", "FileSide", "History", "Memo", "RefPath", "Snapshot"]


def __getattr__(name: str) -> Any:
    """Import a name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dagserial.history' has no attribute {name!r}")
    return getattr(importlib.import_module(f"dagserial.history.{_HOMES[name]}"), name)
