"""Run a module in a sandbox, for one request or for many."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from dagserial.errors import SandboxError
from dagserial.sandbox.folder import PROGRAMS, empty, private_folder
from dagserial.sandbox.interpreter import Interpreter
from dagserial.sandbox.limits import Limits


class Session:
    """A fresh child interpreter that answers requests by `module.main(request: bytes) -> bytes`.

    Each request is answered in a fork of its own, and what it wrote is removed, so none finds what another left. The
    child inherits no environment variable and no open file, makes no socket of any kind, writes only to a private
    folder (its working folder, HOME and TMPDIR), and is gone with all its descendants when its context is left, or when
    this process ends. It may read what this process may read. A layer that the machine lacks is left out (see
    `protections`); where sockets cannot be refused, which is neither on x86-64 nor on AArch64, Unix sockets that are
    files stay reachable. If this process is killed, the private folder is left behind.

    Args:
        module: importable by the child, or from the folder that this process would import it from. It is trusted:
            code that is not belongs into the work of `each`, where the limits of an item hold.
        env: further environment variables; they win, but names in PYTHON* are ignored.
        hash_seed: the child's PYTHONHASHSEED.

    Raises:
        SandboxError: the child did not start.
    """

    def __init__(self, module: str, *, env: Mapping[str, str] = {}, hash_seed: int = 0) -> None:
        with ExitStack() as stack:
            self._folder = folder = stack.enter_context(private_folder())
            self._interpreter = stack.enter_context(Interpreter(module, folder, _environment(folder, env, hash_seed)))
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child; nothing of it is left."""
        self._stack.close()

    def end(self) -> None:
        """End the child now, also while another thread waits for its answer; to be closed all the same."""
        self._interpreter.end()

    def ask(self, request: bytes, limits: Limits) -> bytes:
        """Return the answer to a request; one thread at a time.

        Raises:
            SandboxError: the child took longer than `limits.overall`, or ended without an answer, and answers no more;
                or `main` raised an exception.
        """
        outcome = self._interpreter.ask(request, limits.overall)
        empty(self._folder)
        if outcome.answer is None:
            raise SandboxError(f"the child interpreter failed: {outcome.failure}")
        return outcome.answer


def run(module: str, request: bytes, *, limits: Limits, env: Mapping[str, str] = {}, hash_seed: int = 0) -> bytes:
    """Return the answer to one request, of a `Session` that is gone when this returns or raises.

    Raises:
        SandboxError: as for `Session` and its `ask`.
    """
    with Session(module, env=env, hash_seed=hash_seed) as session:
        return session.ask(request, limits)


def _environment(folder: str, env: Mapping[str, str], hash_seed: int) -> dict[str, str]:
    own = {"PATH": PROGRAMS, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "TZ": "UTC"}
    wanted = {name: value for name, value in env.items() if not name.startswith("PYTHON")}
    return own | wanted | {"PYTHONHASHSEED": str(hash_seed)}
