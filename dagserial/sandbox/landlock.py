"""Deny writes outside one folder, TCP, and signals to others with Landlock.

What a kernel lacks is left out: Landlock came with Linux 5.13, and each later version of its interface adds
rights (landlock(7), "Previous limitations"). Rules hold for ever and for every descendant.
"""

import ctypes
import os
import struct
import sys

from dagserial.sandbox import kernel

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""System call numbers, the same on every architecture (landlock_create_ruleset(2))."""
_ONLY_VERSION = 1
_PATH_BENEATH = 1

_WRITE_FILE = 1 << 1
_MAKE_CHAR = 1 << 6
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_WRITES = _WRITE_FILE | 0b1_1111_1111 << 4  # and the removal of files and folders, and the making of every kind of file
_BIND_AND_CONNECT_TCP = 0b11
_ABSTRACT_UNIX_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """Return the version of the kernel's Landlock interface; 0 where there is none, or where it may not be used."""
    if sys.platform != "linux":
        return 0
    try:
        return kernel.call("syscall", _CREATE_RULESET, None, 0, _ONLY_VERSION)
    except OSError:
        return 0


def deny_outside(folder: str) -> bool:
    """Deny writes but below `folder` and to /dev/null, TCP, and signals to others; return whether that was possible.

    Reading stays allowed everywhere. Before Linux 6.7 TCP, and before 6.12 signals, are not covered.
    """
    known = version()
    if not known:
        return False
    rights = _WRITES | (_REFER if known >= 2 else 0) | (_TRUNCATE if known >= 3 else 0)
    ruleset = _ruleset(known, rights)
    try:
        _allow(ruleset, folder, rights)
        _allow(ruleset, os.devnull, rights & (_WRITE_FILE | _TRUNCATE))
        kernel.call("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def deny_others() -> bool:
    """Deny signals to, and tracing of, every process but this one's descendants; return whether that was possible.

    A process in a Landlock domain may trace, or open the memory and file descriptors of, only those in its own
    domain or one below it (landlock(7), "Ptrace restrictions").
    """
    known = version()
    if not known:
        return False
    ruleset = _ruleset(known, _MAKE_CHAR)  # a ruleset may not be empty; devices are nothing that work makes
    try:
        kernel.call("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _ruleset(known: int, rights: int) -> int:
    attributes = struct.pack("=Q", rights)
    if known >= 4:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT_TCP)
    if known >= 6:
        attributes += struct.pack("=Q", _ABSTRACT_UNIX_SOCKETS_AND_SIGNALS)
    return kernel.call("syscall", _CREATE_RULESET, ctypes.c_char_p(attributes), len(attributes), 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, fd)
        kernel.call("syscall", _ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(fd)
