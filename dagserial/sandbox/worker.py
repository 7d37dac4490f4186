"""Do the work of one item in a process of its own."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn, TypeVar

from dagserial.sandbox import kernel
from dagserial.sandbox.confine import confine_worker
from dagserial.sandbox.descriptors import keep_only, out_of_the_way
from dagserial.sandbox.limits import Limits
from dagserial.sandbox.outcome import Outcome, failed, packed, returned, send

_T = TypeVar("_T")


def attend(item: _T, work: Callable[[_T], bytes], limits: Limits, *, server: int, pipe: int) -> NoReturn:
    """Write the frame of what `work` makes of the item to a pipe, and end this process.

    Nothing that `work` does or raises gets past this function.

    Args:
        server: the process that this one was forked from.
        pipe: the one file descriptor that is kept, beside the standard three at /dev/null.
    """
    full = Outcome(failure=f"used more than {limits.memory_mib} MiB of memory")
    frame = packed(full)  # made while there is memory
    try:
        kernel.die_with_parent(signal.SIGKILL, server)
        os.setpgid(0, 0)
        pipe = out_of_the_way(pipe)
        keep_only(pipe)
        frame = packed(_outcome(item, work, limits, full))
    finally:
        try:
            send(pipe, frame)
        finally:
            os._exit(0)


def _outcome(item: _T, work: Callable[[_T], bytes], limits: Limits, full: Outcome) -> Outcome:
    try:
        confine_worker(limits)
        return returned(work(item), limits.answer_bytes)
    except MemoryError:
        return full
    except BaseException as error:
        return failed(error)
