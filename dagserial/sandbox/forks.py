"""Fork the warmed interpreter once per item; collect what the forks answer."""

import gc
import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dagserial.sandbox import namespaces, strays
from dagserial.sandbox.limits import Limits
from dagserial.sandbox.outcome import Outcome, died, unpacked
from dagserial.sandbox.worker import attend

_T = TypeVar("_T")
_TICK = 0.02
_CHUNK = 1 << 16


def each(items: Sequence[_T], work: Callable[[_T], bytes], limits: Limits) -> list[Outcome]:
    """Return one outcome per item, in the order of the items: what `work` made of it in a fork of its own.

    For use in the child, in the `main` of a module that `run` was given, with one thread. A fork inherits what is
    in memory but no open file. When its answer is there, or its time is over, it is killed with all its descendants.
    """
    waiting = list(enumerate(items))[::-1]
    outcomes: dict[int, Outcome] = {}
    gc.freeze()  # so that collections in the forks do not copy the warmed interpreter's pages
    forks = _Forks(work, limits)
    try:
        while len(outcomes) < len(items):
            while waiting and len(forks.live) < limits.jobs:
                forks.start(*waiting.pop())
            outcomes.update(forks.ended())
    finally:
        forks.close()
        gc.unfreeze()
    return [outcomes[index] for index in range(len(items))]


@dataclass(slots=True)
class _Fork:
    """One item at work; `status` is None until its process was reaped."""

    index: int
    pid: int
    pipe: int
    deadline: float
    received: bytearray = field(default_factory=bytearray)
    status: int | None = None


class _Forks(Generic[_T]):
    """The items that are at work.

    Where the server is the first of a PID namespace, so is each fork, and takes its descendants along. Else, where
    the server adopts, they come to it as strays.
    """

    def __init__(self, work: Callable[[_T], bytes], limits: Limits) -> None:
        self.live: dict[int, _Fork] = {}
        self._work = work
        self._limits = limits
        self._selector = selectors.DefaultSelector()
        self._apart = namespaces.entered()
        self._sweeps = not self._apart and strays.adopts()
        self._spared = strays.children() if self._sweeps else set()

    def start(self, index: int, item: _T) -> None:
        """Put an item to work."""
        ours, theirs = os.pipe()
        server = os.getpid()
        pid = namespaces.fork() if self._apart else os.fork()
        if pid == 0:
            attend(item, self._work, self._limits, server=server, pipe=theirs)
        os.close(theirs)
        with suppress(OSError):  # the fork does the same; whoever is second may fail
            os.setpgid(pid, pid)
        os.set_blocking(ours, False)
        self.live[pid] = _Fork(index, pid, ours, time.monotonic() + self._limits.timeout)
        self._selector.register(ours, selectors.EVENT_READ, self.live[pid])

    def ended(self) -> dict[int, Outcome]:
        """Wait a moment; return the outcomes of the items that ended meanwhile, by index."""
        readable = {key.fd for key, _ in self._selector.select(_TICK)}
        found: dict[int, Outcome] = {}
        for fork in list(self.live.values()):
            outcome = self._receive(fork) if fork.pipe in readable else None
            outcome = outcome or self._death(fork) or self._lateness(fork)
            if outcome:
                self._end(fork)
                found[fork.index] = outcome
        return found

    def close(self) -> None:
        """End what is still at work."""
        for fork in list(self.live.values()):
            self._end(fork)
        self._selector.close()

    def _receive(self, fork: _Fork) -> Outcome | None:
        with suppress(BlockingIOError):
            while chunk := os.read(fork.pipe, _CHUNK):
                fork.received += chunk
                if outcome := unpacked(fork.received, self._limits.answer_bytes):
                    return outcome
            with suppress(KeyError):  # nobody holds the other end any more
                self._selector.unregister(fork.pipe)
        return None

    def _death(self, fork: _Fork) -> Outcome | None:
        ended, status = os.waitpid(fork.pid, os.WNOHANG)
        if not ended:
            return None
        fork.status = status
        return self._receive(fork) or died(os.waitstatus_to_exitcode(status))

    def _lateness(self, fork: _Fork) -> Outcome | None:
        if time.monotonic() < fork.deadline:
            return None
        return Outcome(failure=f"took longer than {self._limits.timeout:g} s")

    def _end(self, fork: _Fork) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(fork.pid, signal.SIGKILL)
        if fork.status is None:
            os.kill(fork.pid, signal.SIGKILL)
            os.waitpid(fork.pid, 0)
        del self.live[fork.pid]
        with suppress(KeyError):
            self._selector.unregister(fork.pipe)
        os.close(fork.pipe)
        if self._sweeps:
            strays.sweep(self._spared | self.live.keys())
