"""Run a module in a sandbox."""

from collections.abc import Mapping

from dagserial.errors import SandboxError
from dagserial.sandbox.folder import PROGRAMS, private_folder
from dagserial.sandbox.interpreter import Interpreter
from dagserial.sandbox.limits import Limits


def run(module: str, request: bytes, *, limits: Limits, env: Mapping[str, str] = {}, hash_seed: int = 0) -> bytes:
    """Run `module.main(request: bytes) -> bytes` in a fresh child interpreter and return its answer.

    The child inherits no environment variable and no open file, makes no socket of any kind, writes only to a private
    folder (its working folder, HOME and TMPDIR), and is gone with all its descendants when this returns or raises,
    or when this process ends. It may read what this process may read. A layer that the machine lacks is left out
    (see `protections`); where sockets cannot be refused, which is neither on x86-64 nor on AArch64, Unix sockets that
    are files stay reachable. If this process is killed, the private folder is left behind.

    Args:
        module: importable by the child, or from the folder that this process would import it from. It is trusted:
            code that is not belongs into the work of `each`, where the limits of an item hold.
        env: further environment variables; they win, but names in PYTHON* are ignored.
        hash_seed: the child's PYTHONHASHSEED.

    Raises:
        SandboxError: the child did not start, took longer than `limits.overall`, or ended without an answer;
            or `main` raised an exception.
    """
    with private_folder() as folder:
        environment = _environment(folder, env, hash_seed)
        with Interpreter(module, request, folder, environment) as interpreter:
            outcome = interpreter.outcome(limits.overall)
    if outcome.answer is None:
        raise SandboxError(f"the child interpreter failed: {outcome.failure}")
    return outcome.answer


def _environment(folder: str, env: Mapping[str, str], hash_seed: int) -> dict[str, str]:
    own = {"PATH": PROGRAMS, "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8", "TZ": "UTC"}
    wanted = {name: value for name, value in env.items() if not name.startswith("PYTHON")}
    return own | wanted | {"PYTHONHASHSEED": str(hash_seed)}
