"""Be the child interpreter: a guard outside the sandbox, and the server inside it.

The guard is what the parent knows. It waits for the server, kills it on SIGTERM (which it also gets when the parent
ends), and ends only when nothing of the sandbox is left.
"""

import importlib
import os
import signal
from collections.abc import Callable
from typing import NoReturn

from dagserial.sandbox import kernel, namespaces, strays
from dagserial.sandbox.confine import confine_server
from dagserial.sandbox.descriptors import out_of_the_way, silence
from dagserial.sandbox.outcome import Outcome, failed, packed, received, returned, send


def start(module: str, parent: int, answer: int, done: int) -> NoReturn:
    """Answer requests by `module.main` in the sandbox until there are no more, and end this process.

    Requests are frames on standard input. The exit status is the server's, or 128 and the number of the signal that
    ended it.

    Args:
        parent: the process that started this one.
        answer: the file descriptor to write the answers' frames to.
        done: a file descriptor that only the guard keeps open, until it ends.
    """
    kernel.die_with_parent(signal.SIGTERM, parent)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
    if not namespaces.enter():
        strays.adopt()
    guard = os.getpid()
    server = os.fork()
    if server == 0:
        os.close(done)
        _serve(module, guard, answer)
    os.close(answer)
    os._exit(_status(_guarded(server)))


def _status(code: int) -> int:
    """Return the exit status that says how another process ended."""
    return code if code >= 0 else 128 - code


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
    """Answer each request in a fork, so that none finds what another did to the interpreter."""
    code = 0
    try:
        kernel.die_with_parent(signal.SIGKILL, guard)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})
        if not namespaces.entered():
            strays.adopt()
        requests, answer = out_of_the_way(0), out_of_the_way(answer)
        silence()
        try:
            confine_server()
            main = importlib.import_module(module).main
        except BaseException as error:
            send(answer, packed(failed(error)))
            os._exit(0)
        while code == 0 and (request := received(requests)) is not None:
            code = _attended(main, request, requests, answer)
    finally:
        os._exit(code)


def _attended(main: Callable[[bytes], object], request: bytes, requests: int, answer: int) -> int:
    """Have a fork answer one request; return the exit status that tells how it ended."""
    server = os.getpid()
    apart = namespaces.entered()
    attendant = namespaces.fork() if apart else os.fork()
    if attendant == 0:
        os.close(requests)
        _attend(main, request, server, answer)
    _, status = os.waitpid(attendant, 0)
    if not apart and strays.adopts():
        strays.sweep(frozenset())
    return _status(os.waitstatus_to_exitcode(status))


def _attend(main: Callable[[bytes], object], request: bytes, server: int, answer: int) -> NoReturn:
    try:
        kernel.die_with_parent(signal.SIGKILL, server)
        if not namespaces.entered():
            strays.adopt()
        send(answer, packed(_outcome(main, request)))
    finally:
        os._exit(0)


def _outcome(main: Callable[[bytes], object], request: bytes) -> Outcome:
    try:
        return returned(main(request))
    except BaseException as error:
        return failed(error)
