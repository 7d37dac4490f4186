"""Give processes Linux namespaces of their own, where the machine allows it.

A process that is the first of its PID namespace takes every other one in it along when it ends, whatever they
did to get away (pid_namespaces(7)); in a fresh network namespace nothing can be reached (network_namespaces(7)).
"""

import os
import sys

from dagserial.sandbox import kernel

_NEWIPC = 0x08000000
_NEWUSER = 0x10000000
_NEWPID = 0x20000000
_NEWNET = 0x40000000


def enter() -> bool:
    """Put this process's next child into PID, network and IPC namespaces; return whether that was possible.

    With CAP_SYS_ADMIN they are made directly; else inside a user namespace in which this process keeps its
    own user (unshare(2), user_namespaces(7)). A machine that forbids both changes nothing here.
    """
    if sys.platform != "linux":
        return False
    wanted = _NEWPID | _NEWNET | _NEWIPC
    try:
        kernel.call("unshare", wanted)
    except OSError:
        # Some systems grant the user namespace and then refuse its maps, which cannot be undone: try first.
        if not _succeeds_in_a_child(wanted | _NEWUSER):
            return False
        _unshare_with_user(wanted | _NEWUSER)
    return True


def entered() -> bool:
    """Say whether this process is the first of its PID namespace, as the sandbox's server is after `enter`."""
    return sys.platform == "linux" and os.getpid() == 1


def fork() -> int:
    """Fork like `os.fork`, the child being the first of another PID namespace below this one.

    The fork alone is affected: processes that are started later are in this process's own namespace again.
    Needs CAP_SYS_ADMIN, as `enter` gives it.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    child = -1
    try:
        kernel.call("unshare", _NEWPID)
        try:
            child = os.fork()
        finally:
            if child != 0:
                kernel.call("setns", own, _NEWPID)
    finally:
        os.close(own)
    return child


def _unshare_with_user(flags: int) -> None:
    user, group = os.geteuid(), os.getegid()
    kernel.call("unshare", flags)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def _succeeds_in_a_child(flags: int) -> bool:
    child = os.fork()
    if child == 0:
        try:
            _unshare_with_user(flags)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0
