"""Refuse system calls with a seccomp filter.

Filters are classic BPF over `struct seccomp_data`, last for ever and hold for every descendant (seccomp(2)).
"""

import ctypes
import errno
import platform
import struct
import sys
from collections.abc import Sequence

from dagserial.sandbox import kernel

_MODE_FILTER = 2
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_X32 = 0x40000000
"""x86-64 kernels take each call also under this bit: the x32 numbers (seccomp(2), notes)."""

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of linux/audit.h, by what uname says."""

_SOCKET = {"x86_64": 41, "aarch64": 198}
_IO_URING_SETUP = 425
"""An io_uring makes sockets without the call `socket`, past every filter (IORING_OP_SOCKET, io_uring_enter(2))."""


class _Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def refuse_sockets() -> bool:
    """Let nobody in this process make a socket of any family, for ever; return whether that was possible.

    `socketpair` still works: it reaches nobody else.
    """
    socket = _SOCKET.get(platform.machine())
    return socket is not None and refuse((socket, _IO_URING_SETUP))


def refuse(numbers: Sequence[int]) -> bool:
    """Answer system calls with EACCES from now on, by their numbers; return whether that was possible.

    Calls of another architecture than the interpreter's own (32-bit programs) are refused altogether. Needs
    PR_SET_NO_NEW_PRIVS.
    """
    architecture = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or architecture is None or sys.maxsize < 2**32:
        return False
    code = _filter(architecture, numbers)
    try:
        kernel.prctl(kernel.SECCOMP, _MODE_FILTER, ctypes.byref(_Program(len(code) // 8, code)))
    except OSError:  # the kernel was built without seccomp filters, or an outer one refuses (prctl(2))
        return False
    return True


def _filter(architecture: int, numbers: Sequence[int]) -> bytes:
    last = 5 + len(numbers)  # index of the refusing instruction; jumps count from the next one
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_IF_EQUAL, 0, last - 2, architecture),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, last - 4, 0, _X32),
        *[(_IF_EQUAL, last - 5 - at, 0, number) for at, number in enumerate(numbers)],
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | errno.EACCES),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
