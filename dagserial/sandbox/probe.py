"""Find out which layers of protection hold on this machine, by trying."""

import os
import resource
import socket
import sys
import tempfile

import msgspec

from dagserial.sandbox.launch import run
from dagserial.sandbox.limits import Limits

_LIMITS = Limits(overall=30.0)


class _Request(msgspec.Struct, frozen=True):
    """What the child compares with: the caller's network, and a folder of the caller's."""

    network: str
    outside: str


def protections() -> tuple[str, ...]:
    """Return the layers that hold on this machine for this user, in this order.

    `rlimits`, `pid-namespace` (nothing survives), `network-namespace`, `seccomp` (either of the two: no network),
    `landlock` (no writes outside the private folder).

    Raises:
        SandboxError: the child interpreter cannot be run at all.
    """
    with tempfile.TemporaryDirectory(prefix="dagserial-") as outside:
        request = msgspec.json.encode(_Request(_network(), outside))
        return msgspec.json.decode(run(__name__, request, limits=_LIMITS), type=tuple[str, ...])


def main(request: bytes) -> bytes:
    """Return, as a JSON array, the layers that hold for this process; for use in the child."""
    told = msgspec.json.decode(request, type=_Request)
    holds = {
        "rlimits": resource.getrlimit(resource.RLIMIT_CORE) == (0, 0),
        "pid-namespace": sys.platform == "linux" and os.getpid() == 1,
        "network-namespace": _network() != told.network,
        "seccomp": not _makes_sockets(),
        "landlock": not _writes_to(told.outside),
    }
    return msgspec.json.encode([name for name, held in holds.items() if held])


def _network() -> str:
    try:
        return os.readlink("/proc/self/ns/net")
    except OSError:
        return ""


def _makes_sockets() -> bool:
    try:
        socket.socket().close()
    except PermissionError:
        return False
    return True


def _writes_to(folder: str) -> bool:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except PermissionError:
        return False
    return True
