"""Kill what processes left behind, where no PID namespace does it.

A "subreaper" becomes the parent of every descendant whose own parent ended, also of those that called setsid
(PR_SET_CHILD_SUBREAPER, prctl(2)). So whatever escapes comes back as a child, and children can be listed. That holds
against code that runs away, not against code that kills the adopting process; Landlock keeps it from that.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from dagserial.sandbox import kernel

_PATIENCE = 2.0


def adopt() -> None:
    """Make this process the parent of its descendants that lose theirs; does nothing but on Linux."""
    if sys.platform == "linux":
        kernel.prctl(kernel.SET_SUBREAPER, 1)


def adopts() -> bool:
    """Say whether `adopt` was called in this process."""
    if sys.platform != "linux":
        return False
    answer = ctypes.c_int()
    kernel.prctl(kernel.GET_SUBREAPER, ctypes.byref(answer))
    return bool(answer.value)


def children() -> set[int]:
    """Return the process ids of this process's children; none where /proc does not list them."""
    try:
        return set(map(int, Path("/proc/thread-self/children").read_text().split()))
    except OSError:
        return set()


def sweep(keep: Set[int]) -> None:
    """Kill and reap every child not in `keep`, and what they leave behind, for at most two seconds."""
    end = time.monotonic() + _PATIENCE
    while (found := children() - keep) and time.monotonic() < end:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in found:
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
