"""Read the records of a Git repository at any ref; nothing is ever written to it."""

from dagserial.history.history import WORKTREE, Entry, History, Snapshot

__all__ = ["WORKTREE", "Entry", "History", "Snapshot"]
