"""What code that nobody vouches for may do, one function per deed; `main` is run in the sandbox's child."""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from dagserial.sandbox import Limits, Outcome, each

GREETING = b"hello from the sandbox"


class Item(msgspec.Struct, frozen=True):
    """One deed, by the name of its function, with what it needs to know."""

    deed: str
    argument: str = ""


class Request(msgspec.Struct, frozen=True):
    """What `main` is asked: to do the items in forks, or the first one in the server itself."""

    items: list[Item]
    limits: Limits = Limits(timeout=5.0)
    in_server: bool = False


def main(request: bytes) -> bytes:
    asked = msgspec.msgpack.decode(request, type=Request)
    if asked.in_server:
        return work(asked.items[0])
    started = time.monotonic()
    outcomes = each(asked.items, work, asked.limits)
    return msgspec.msgpack.encode((outcomes, time.monotonic() - started))


def work(item: Item) -> bytes:
    deed: Callable[[str], bytes] = globals()[item.deed]
    return deed(item.argument)


def outcomes_of(answer: bytes) -> tuple[list[Outcome], float]:
    """Return what `main` answered for items in forks: their outcomes, and the seconds they took."""
    return msgspec.msgpack.decode(answer, type=tuple[list[Outcome], float])


def greet(_: str) -> bytes:
    return GREETING


def echo(text: str) -> bytes:
    return text.encode()


def count(_: str) -> bytes:
    """Count in this interpreter how often this was done."""
    os.environ["COUNT"] = str(int(os.environ.get("COUNT", "0")) + 1)
    return os.environ["COUNT"].encode()


def nap(seconds: str) -> bytes:
    time.sleep(float(seconds))
    return seconds.encode()


def loop(_: str) -> bytes:
    while True:
        pass


def sleep(_: str) -> bytes:
    time.sleep(3600)
    return b""


def cling(_: str) -> bytes:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            continue


def swallow(_: str) -> bytes:
    return b"x" * (1 << 40)


def grow(_: str) -> bytes:
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))


def crash(_: str) -> bytes:
    return ctypes.string_at(0)


def vanish(status: str) -> bytes:
    os._exit(int(status))


def leave(_: str) -> bytes:
    sys.exit(3)


def interrupt(_: str) -> bytes:
    raise KeyboardInterrupt


def fail(message: str) -> bytes:
    raise LookupError(message)


def fail_without_words(_: str) -> bytes:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ZeroDivisionError

    raise Mute


def fail_with_surrogates(_: str) -> bytes:
    raise ValueError("\udcff")


def fail_with_many_words(_: str) -> bytes:
    raise ValueError("ab" * 1_000_000)


def answer_with_text(_: str) -> bytes:
    return "text"  # type: ignore[return-value]


def answer_at_length(size: str) -> bytes:
    return b"x" * int(size)


def shout(_: str) -> bytes:
    for _ in range(8):
        print("x" * 1_000_000)
        print("x" * 1_000_000, file=sys.stderr)
        os.write(1, b"x" * 1_000_000)
    return GREETING


def close_files(_: str) -> bytes:
    os.closerange(0, 101)
    return GREETING


def close_every_file(_: str) -> bytes:
    os.closerange(0, 4096)
    return GREETING


def scribble(_: str) -> bytes:
    for fd in range(4096):
        try:
            os.write(fd, b"scribble" * 8)
        except OSError:
            continue
    return GREETING


def promise_too_much(_: str) -> bytes:
    for fd in range(3, 4096):
        try:
            os.write(fd, b"A" + (1 << 62).to_bytes(8, "big"))
        except OSError:
            continue
    return GREETING


def list_files(_: str) -> bytes:
    return json.dumps(sorted(map(int, os.listdir("/proc/thread-self/fd")))).encode()


def leave_a_thread(_: str) -> bytes:
    threading.Thread(target=time.sleep, args=(3600,)).start()
    return GREETING


def kill(pid: str) -> bytes:
    os.kill(int(pid), signal.SIGKILL)
    return GREETING


def show_environment(_: str) -> bytes:
    return json.dumps(dict(os.environ)).encode()


def show_folder(_: str) -> bytes:
    found = os.stat(".")
    return json.dumps([os.getcwd(), oct(found.st_mode & 0o7777)]).encode()


def list_folder(_: str) -> bytes:
    return json.dumps(os.listdir()).encode()


def mode_of_a_new_file(_: str) -> bytes:
    Path("new").touch()
    return oct(os.stat("new").st_mode & 0o777).encode()


def show_hash(_: str) -> bytes:
    return str(hash("dagserial")).encode()


def show_bounds(_: str) -> bytes:
    kinds = ("CORE", "CPU", "FSIZE", "NOFILE", "AS")
    return json.dumps({kind: resource.getrlimit(getattr(resource, f"RLIMIT_{kind}")) for kind in kinds}).encode()


def _connect(family: int, kind: int, address: object) -> bytes:
    with socket.socket(family, kind) as client:
        client.settimeout(0.5)
        client.connect(address)
        client.send(GREETING)
    return b"connected"


def connect_tcp(port: str) -> bytes:
    return _connect(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", int(port)))


def connect_udp(port: str) -> bytes:
    return _connect(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", int(port)))


def connect_unix(path: str) -> bytes:
    return _connect(socket.AF_UNIX, socket.SOCK_STREAM, path)


def pair_sockets(_: str) -> bytes:
    one, other = socket.socketpair()
    one.send(GREETING)
    return other.recv(100)


def write(path: str) -> bytes:
    Path(path).write_bytes(GREETING)
    return Path(path).read_bytes()


def remove(path: str) -> bytes:
    Path(path).unlink()
    return b"removed"


def rename_here(path: str) -> bytes:
    os.rename(path, "mine")
    return b"renamed"


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def write_without_end(_: str) -> bytes:
    with open("endless", "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 1_000_000)


def run_program(_: str) -> bytes:
    return subprocess.run(
        ["sh", "-c", "echo started > file; cat file; rm file"], check=True, capture_output=True
    ).stdout


def litter(outside: str) -> bytes:
    os.symlink(outside, "link")
    os.mkdir("locked")
    os.symlink(outside, "locked/link")
    Path("locked/file").touch()
    os.chmod("locked", 0)
    for _ in range(1100):  # deeper than Python recurses
        os.mkdir("deep")
        os.chdir("deep")
    return GREETING


def _linger(marker: str) -> None:
    """Become a program that sleeps and has the marker among its arguments."""
    os.execv("/bin/sh", ["sh", "-c", "trap '' TERM HUP INT; while :; do sleep 60; done", marker])


def _daemonize(marker: str) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            _linger(marker)
        os._exit(0)
    os.wait()


def _await(marker: str, count: int = 1) -> None:
    while len(processes_with(marker)) < count:
        time.sleep(0.005)


def leave_a_daemon(marker: str) -> bytes:
    _daemonize(marker)
    _await(marker)
    return GREETING


def leave_a_daemon_and_sleep(marker: str) -> bytes:
    leave_a_daemon(marker)
    return sleep("")


def await_and_kill_parent(marker: str) -> bytes:
    _await(marker)
    return kill(str(os.getppid() or os.getpid()))


def leave_a_daemon_and_crash(marker: str) -> bytes:
    leave_a_daemon(marker)
    return crash("")


def leave_a_crowd(marker: str) -> bytes:
    origin = os.getpid()
    for _ in range(4):
        if os.fork() == 0:
            os.setsid()
    if os.getpid() != origin:
        _linger(marker)
    _await(marker, 15)
    return GREETING


def look_for(marker: str) -> bytes:
    return json.dumps(processes_with(marker)).encode()


def processes_with(marker: str) -> list[int]:
    """Return the processes that have the marker among their arguments or in their environment, in no order."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            for name in ("cmdline", "environ"):
                try:
                    holds = marker.encode() in (entry / name).read_bytes()
                except OSError:
                    continue
                if holds:
                    found.append(int(entry.name))
                    break
    return found
