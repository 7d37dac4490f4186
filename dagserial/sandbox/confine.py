"""Take from the running process what its work does not need, for ever.

What the machine lacks is left out; `protections` tells what is there.
"""

import math
import os
import resource
import sys

from dagserial.sandbox import capabilities, kernel, landlock, namespaces, seccomp, strays
from dagserial.sandbox.descriptors import OPEN_FILES
from dagserial.sandbox.limits import Limits

_LARGEST_FILE = 1024**3
_PROCESSES = 512
_MIB = 1024 * 1024


def confine_server() -> None:
    """Confine this process and all its descendants to reading, and to writing in the working folder."""
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_NOFILE, OPEN_FILES)
    _bound(resource.RLIMIT_FSIZE, _LARGEST_FILE)
    if sys.platform == "linux":
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        landlock.deny_outside(os.getcwd())
        seccomp.refuse_sockets()
        # Without Landlock, this keeps descendants without privileges from this process's memory and files (proc(5)).
        kernel.prctl(kernel.DUMPABLE, 0)
        making_namespaces = capabilities.ADMIN if namespaces.entered() else 0
        capabilities.keep(capabilities.READ | making_namespaces)


def confine_worker(limits: Limits) -> None:
    """Confine this process, a fork of the server, further: to the limits of one item, and away from its siblings."""
    seconds = math.ceil(limits.timeout) + 1
    _bound(resource.RLIMIT_CPU, seconds)
    _bound(resource.RLIMIT_FSIZE, limits.answer_bytes)
    if sys.platform == "linux":
        _bound(resource.RLIMIT_AS, _address_space() + limits.memory_mib * _MIB)
        if namespaces.entered() and os.geteuid() != 0:
            # In a user namespace, since Linux 5.14, only the processes in it count; elsewhere all of the user's do,
            # and root's never (getrlimit(2)).
            _bound(resource.RLIMIT_NPROC, _PROCESSES)
        strays.adopt()
        landlock.deny_others()
        capabilities.keep(capabilities.READ)


def _bound(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()
