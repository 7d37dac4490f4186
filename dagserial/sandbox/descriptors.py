"""Keep file descriptors out of reach of code that closes or writes to any it finds."""

import fcntl
import os

OPEN_FILES = 1024
"""How many file descriptors the sandbox's processes may have (RLIMIT_NOFILE)."""

_HIGH = OPEN_FILES - 64


def out_of_the_way(fd: int) -> int:
    """Move a file descriptor to a high number and return that; no program that is run inherits it."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH)
    os.close(fd)
    return high


def silence() -> None:
    """Make /dev/null this process's standard input, output and error."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nothing, fd)
    os.close(nothing)


def keep_only(fd: int) -> None:
    """Close every file descriptor but `fd`, and make the standard three /dev/null."""
    os.closerange(3, fd)
    os.closerange(fd + 1, OPEN_FILES)
    silence()
