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
from dagserial.sandbox.outcome import Outcome, died, unpacked

_BOOTSTRAP = (
    "import sys; _, module, parent, answer, done, *folders = sys.argv; "
    "sys.path += [folder for folder in folders if folder not in sys.path]; "
    "from dagserial.sandbox.child import start; start(module, int(parent), int(answer), int(done))"
)
# -P -s and a scrubbed environment make what -I makes, but -I would ignore PYTHONHASHSEED.
_OPTIONS = ("-P", "-s", "-B", "-X", "utf8")
_GRACE = 5.0
_SLICE = 0.25
_LONGEST_COMPLAINT = 4096
_SIGNALLED = 128


class Interpreter:
    """A child interpreter that runs one module; on leaving its context, it is gone.

    Parent and child share files without a name: nobody else finds them, and no pipe fills up.
    """

    def __init__(self, module: str, request: bytes, folder: str, environment: Mapping[str, str]) -> None:
        try:
            with ExitStack() as stack:
                question = stack.enter_context(tempfile.TemporaryFile())
                self._answer = stack.enter_context(tempfile.TemporaryFile())
                self._complaints = stack.enter_context(tempfile.TemporaryFile())
                self._alive, done = os.pipe()  # its writing end is open as long as the child is
                stack.callback(os.close, self._alive)
                question.write(request)
                question.seek(0)
                with os.fdopen(done, "wb"):
                    arguments = [module, os.getpid(), self._answer.fileno(), done, *_folders(module)]
                    self._process = subprocess.Popen(
                        [sys.executable, *_OPTIONS, "-c", _BOOTSTRAP, *map(str, arguments)],
                        stdin=question,
                        stdout=subprocess.DEVNULL,
                        stderr=self._complaints,
                        pass_fds=(self._answer.fileno(), done),
                        cwd=folder,
                        env=environment,
                        start_new_session=True,
                        umask=0o077,
                    )
                self._running = stack.enter_context(ExitStack())
                self._running.callback(self._end)
                self._stack = stack.pop_all()
        except OSError as error:
            raise SandboxError(f"the child interpreter did not start: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def outcome(self, seconds: float) -> Outcome:
        """Wait for the child to end, and return what its module's `main` came to.

        Raises:
            SandboxError: the child did not start, took longer than `seconds`, or ended without an answer.
        """
        if not self._ends(seconds):
            raise SandboxError(f"the child interpreter took longer than {seconds:g} s")
        self._running.close()
        self._answer.seek(0)
        outcome = unpacked(self._answer.read())
        if outcome is None:
            raise SandboxError(f"the child interpreter {self._reason()}")
        return outcome

    def _ends(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._alive, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                # The slices are for a fork of this process, by another thread, that holds the pipe open.
                if selector.select(min(left, _SLICE)) or self._process.poll() is not None:
                    return True
        return False

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


def _folders(module: str) -> list[str]:
    """Return the folders that this process imports dagserial and the module from."""
    found = []
    for name in (__name__, module):
        spec = importlib.util.find_spec(name.partition(".")[0])
        places = (spec.submodule_search_locations or [spec.origin or ""]) if spec else []
        found += [os.path.dirname(os.path.abspath(place)) for place in places if os.path.exists(place)]
    return found
