"""Read the records of a Git repository at any ref; nothing is ever written to it.

Each name is imported when it is first used, so that `patch` costs no more than it needs.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagserial.history.history import WORKTREE, Entry, History, Snapshot
    from dagserial.history.path import RefPath
    from dagserial.history.side import FileSide

_HOMES = {
    "WORKTREE": "history",
    "Entry": "history",
    "FileSide": "side",
    "History": "history",
    "RefPath": "path",
    "Snapshot": "history",
}
"""The module in which each name lives."""

__all__ = ["WORKTREE", "Entry", "FileSide", "History", "RefPath", "Snapshot"]


def __getattr__(name: str) -> Any:
    """Import a name from its module (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'dagserial.history' has no attribute {name!r}")
    return getattr(importlib.import_module(f"dagserial.history.{_HOMES[name]}"), name)
