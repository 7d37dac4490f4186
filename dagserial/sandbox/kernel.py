"""Call the Linux kernel where Python has no name for the call.

Importing this is harmless everywhere; calling it is for Linux, but for what says otherwise.
"""

import ctypes
import os
import sys

PDEATHSIG = 1
DUMPABLE = 4
SECCOMP = 22
CAPBSET_DROP = 24
SET_SUBREAPER = 36
GET_SUBREAPER = 37
NO_NEW_PRIVS = 38
"""Options of prctl(2), from linux/prctl.h, without their PR_ (and SET_) prefixes."""

_LIBC = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> int:
    """Call a function of the C library and return its result; integers are passed as C longs.

    A result of -1 is raised as OSError, with the function's name.
    """
    function = getattr(_LIBC, name)
    function.restype = ctypes.c_long if name == "syscall" else ctypes.c_int
    result = int(function(*[ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def prctl(option: int, *arguments: object) -> int:
    """Call prctl(2), its unused arguments zero, as some options demand."""
    return call("prctl", option, *arguments, *[0] * (4 - len(arguments)))


def die_with_parent(number: int, parent: int) -> None:
    """Have the kernel send a signal to this process when its parent ends; end now if it has already ended.

    Does nothing but on Linux. The "parent" is the thread that started this process (PR_SET_PDEATHSIG, prctl(2)). A
    parent outside this process's PID namespace has the number 0 (getppid(2)).
    """
    if sys.platform != "linux":
        return
    prctl(PDEATHSIG, number)
    if os.getppid() not in (0, parent):
        os._exit(1)
