"""Hold one child interpreter, from its start to its certain end."""

import importlib.util
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Self

from dagserial.errors import SandboxError
from dagserial.sandbox.outcome import Outcome, asked, died, unpacked

_BOOTSTRAP = (
    "import sys; _, module, parent, answer, done, *folders = sys.argv; "
    "sys.path += [folder for folder in folders if folder not in sys.path]; "
    "from dagserial.sandbox.child import start; start(module, int(parent), int(answer), int(done))"
)
# -P -s and a scrubbed environment make what -I makes, but -I would ignore PYTHONHASHSEED.
_OPTIONS = ("-P", "-s", "-B", "-X", "utf8")
_GRACE = 5.0
_SLICE = 0.25
_CHUNK = 1 << 20
_LONGEST_COMPLAINT = 4096
_SIGNALLED = 128


class Interpreter:
    """A child interpreter that answers requests by one module; on leaving its context, it is gone."""

    def __init__(self, module: str, folder: str, environment: Mapping[str, str]) -> None:
        try:
            with ExitStack() as stack:
                self._complaints = stack.enter_context(tempfile.TemporaryFile())  # without a name, and never full
                theirs = stack.enter_context(ExitStack())
                self._alive, done = _pipe(stack, theirs)  # its writing end is open as long as the child is
                self._answers, answer = _pipe(stack, theirs)
                requests, self._requests = os.pipe()
                theirs.callback(os.close, requests)
                stack.callback(os.close, self._requests)
                for end in (self._answers, self._requests):
                    os.set_blocking(end, False)
                arguments = [module, os.getpid(), answer, done, *_folders(module)]
                self._process = subprocess.Popen(
                    [sys.executable, *_OPTIONS, "-c", _BOOTSTRAP, *map(str, arguments)],
                    stdin=requests,
                    stdout=subprocess.DEVNULL,
                    stderr=self._complaints,
                    pass_fds=(answer, done),
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                    umask=0o077,
                )
                self._running = stack.enter_context(ExitStack())
                self._running.callback(self._end)
                theirs.close()
                self._stack = stack.pop_all()
        except OSError as error:
            raise SandboxError(f"the child interpreter did not start: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def end(self) -> None:
        """End the child now, also while another thread waits for its answer."""
        self._running.close()

    def ask(self, request: bytes, seconds: float) -> Outcome:
        """Return what the module's `main` makes of a request; one at a time.

        Raises:
            SandboxError: the child did not start, took longer than `seconds`, or ended without an answer; it answers
                no more.
        """
        try:
            outcome = self._exchanged(asked(request), time.monotonic() + seconds)
        except TimeoutError:
            self._running.close()
            raise SandboxError(f"the child interpreter took longer than {seconds:g} s") from None
        if outcome is None:
            self._running.close()
            raise SandboxError(f"the child interpreter {self._reason()}")
        return outcome

    def _exchanged(self, frame: bytes, deadline: float) -> Outcome | None:
        """Send a request and receive its answer, whichever end is ready; None if the child ends before."""
        unsent, received = memoryview(frame), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._alive, selectors.EVENT_READ)
            selector.register(self._requests, selectors.EVENT_WRITE)
            while (left := deadline - time.monotonic()) > 0:
                # The slices are for a fork of this process, by another thread, that holds the pipe open.
                ready = {key.fd for key, _ in selector.select(min(left, _SLICE))}
                if self._requests in ready:
                    unsent = unsent[_written(self._requests, unsent) :]
                    if not unsent:
                        selector.unregister(self._requests)
                has_ended = self._alive in ready or self._process.poll() is not None
                received += _available(self._answers)
                outcome = unpacked(received)
                if outcome is not None or has_ended:
                    return outcome
        raise TimeoutError

    def _end(self) -> None:
        """Have the guard end everything; kill the guard if that takes too long."""
        try:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _reason(self) -> str:
        code = self._process.returncode
        size = self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, size - _LONGEST_COMPLAINT))
        complaints = self._complaints.read().decode("utf-8", "replace").strip()
        if complaints and 0 < code < _SIGNALLED:
            return f"did not start: {complaints.splitlines()[-1]}"
        return str(died(_SIGNALLED - code if code > _SIGNALLED else code).failure)


def _pipe(stack: ExitStack, theirs: ExitStack) -> tuple[int, int]:
    """Return the ends of a pipe from the child: one to read, closed with `stack`, and the child's own."""
    reading, writing = os.pipe()
    stack.callback(os.close, reading)
    theirs.callback(os.close, writing)
    return reading, writing


def _written(fd: int, content: memoryview) -> int:
    """Write what fits; all of it if nobody reads any more."""
    try:
        return os.write(fd, content)
    except BlockingIOError:
        return 0
    except BrokenPipeError:
        return len(content)


def _available(fd: int) -> bytes:
    """Return what there is to read now."""
    found = bytearray()
    with suppress(BlockingIOError):
        while chunk := os.read(fd, _CHUNK):
            found += chunk
    return bytes(found)


def _folders(module: str) -> list[str]:
    """Return the folders that this process imports dagserial and the module from."""
    found = []
    for name in (__name__, module):
        spec = importlib.util.find_spec(name.partition(".")[0])
        places = (spec.submodule_search_locations or [spec.origin or ""]) if spec else []
        found += [os.path.dirname(os.path.abspath(place)) for place in places if os.path.exists(place)]
    return found
