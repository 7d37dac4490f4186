"""Be a process that uses the sandbox, under conditions that the tests choose.

Standard input holds a `Job`; standard output gets a `Report`.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE.parent), str(HERE.parents[1])]

import msgspec  # noqa: E402

from dagserial.errors import SandboxError  # noqa: E402
from dagserial.sandbox import Limits, kernel, protections, run, seccomp  # noqa: E402
from sandbox.sandbox_cases import Item, Request  # noqa: E402

HOST = "<host>"
"""Stands for this process's number in the arguments of items."""

_UNSHARE = {"x86_64": 272, "aarch64": 97}
_LANDLOCK_CREATE_RULESET = 444


class Job(msgspec.Struct, frozen=True):
    """What to run, and what this process is to go without."""

    request: Request
    without_namespaces: bool = False
    without_landlock: bool = False


class Report(msgspec.Struct, frozen=True):
    """What came of it: the layers, the answer or the error, and what is left in the folder for private folders."""

    layers: tuple[str, ...]
    answer: bytes = b""
    error: str = ""
    left: list[str] = []


Reporter = Callable[..., Report]
"""What the fixture `report` is: it takes a `Job`, and `as_nobody`."""


def report(job: Job) -> Report:
    refused = []
    if job.without_namespaces:
        refused.append(_UNSHARE[platform.machine()])
    if job.without_landlock:
        refused.append(_LANDLOCK_CREATE_RULESET)
    if refused:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert seccomp.refuse(refused)
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        layers = protections()
        answer, error = b"", ""
        try:
            answer = run("sandbox.sandbox_cases", _encoded(job.request), limits=Limits(overall=60.0))
        except SandboxError as raised:
            error = str(raised)
        return Report(layers, answer, error, os.listdir(folder))


def _encoded(request: Request) -> bytes:
    items = [Item(item.deed, item.argument.replace(HOST, str(os.getpid()))) for item in request.items]
    return msgspec.msgpack.encode(msgspec.structs.replace(request, items=items))


if __name__ == "__main__":
    job = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job)
    sys.stdout.buffer.write(msgspec.msgpack.encode(report(job)))
