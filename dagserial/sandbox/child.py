"""Be the child interpreter: a guard outside the sandbox, and the server inside it.

The guard is what the parent knows. It waits for the server, kills it on SIGTERM (which it also gets when the parent
ends), and ends only when nothing of the sandbox is left.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from dagserial.sandbox import kernel, namespaces, strays
from dagserial.sandbox.confine import confine_server
from dagserial.sandbox.descriptors import out_of_the_way, silence
from dagserial.sandbox.outcome import Outcome, failed, packed, returned, send


def start(module: str, parent: int, answer: int, done: int) -> NoReturn:
    """Run `module.main` in the sandbox and end this process.

    The request is read from standard input. The exit status is the server's, or 128 and the number of the signal
    that ended it.

    Args:
        parent: the process that started this one.
        answer: the file descriptor to write the answer's frame to.
        done: a file descriptor that only the guard keeps open, until it ends.
    """
    if sys.platform == "linux":
        kernel.die_with_parent(signal.SIGTERM, parent)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    if not namespaces.enter():
        strays.adopt()
    guard = os.getpid()
    server = os.fork()
    if server == 0:
        os.close(done)
        _serve(module, guard, answer)
    code = _guarded(server)
    os._exit(code if code >= 0 else 128 - code)


def _guarded(server: int) -> int:
    while True:
        ended, status = os.waitpid(server, os.WNOHANG)
        if ended:
            break
        if signal.sigwait({signal.SIGTERM, signal.SIGCHLD}) == signal.SIGTERM:
            os.kill(server, signal.SIGKILL)
    if strays.adopts():
        strays.sweep(frozenset())
    return os.waitstatus_to_exitcode(status)


def _serve(module: str, guard: int, answer: int) -> NoReturn:
    try:
        if sys.platform == "linux":
            kernel.die_with_parent(signal.SIGKILL, guard)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
        if not namespaces.entered():
            strays.adopt()
        answer = out_of_the_way(answer)
        send(answer, packed(_outcome(module)))
    finally:
        os._exit(0)


def _outcome(module: str) -> Outcome:
    try:
        with open(0, "rb", closefd=False) as file:
            request = file.read()
        silence()
        confine_server()
        main: Callable[[bytes], object] = importlib.import_module(module).main
        return returned(main(request))
    except BaseException as error:
        return failed(error)
