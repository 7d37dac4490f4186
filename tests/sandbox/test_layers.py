"""That each layer holds alone, as far as the machine has it, and that what holds is told."""

import os
import resource
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from dagserial.sandbox import capabilities, confine, kernel, landlock, namespaces, protections, seccomp, strays

from .sandbox_cases import Request
from .sandbox_host import Job, Reporter

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the layers are Linux's")

LANDLOCK = pytest.mark.skipif(landlock.version() < 1, reason="this kernel has no Landlock")


def _in_a_fork(deed: Callable[[], object]) -> str:
    """Return what `deed` returns, or the name of what it raises, when it is done in a fork of this process."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            found = str(deed())
        except OSError as error:
            found = type(error).__name__ + (f" {error.strerror}" if not isinstance(error, PermissionError) else "")
        except BaseException:
            found = traceback.format_exc()
        os.write(theirs, found.encode())
        os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as file:
        found = file.read().decode()
    os.waitpid(child, 0)
    return found


def _in_namespaces(deed: Callable[[], object]) -> Callable[[], object]:
    def done() -> object:
        return _in_a_fork(deed) if namespaces.enter() else "no namespaces"

    return done


def _connect(kind: socket.SocketKind, listener: socket.socket) -> str:
    with socket.socket(socket.AF_INET, kind) as client:
        client.settimeout(1.0)
        client.connect(listener.getsockname())
    return "connected"


@pytest.fixture
def namespaced() -> None:
    if _in_a_fork(namespaces.enter) != "True":
        pytest.skip("this machine does not allow namespaces")


@pytest.mark.usefixtures("namespaced")
@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_network_namespace_alone_reaches_nothing(listeners: dict[str, socket.socket], kind: str) -> None:
    listener = listeners[kind]
    deed = _in_namespaces(lambda: _connect(listener.type, listener))
    assert _in_a_fork(deed) == "OSError Network is unreachable"


@pytest.mark.usefixtures("namespaced")
def test_pid_namespace_makes_its_first_process_number_one() -> None:
    assert _in_a_fork(_in_namespaces(os.getpid)) == "1"
    assert _in_a_fork(_in_namespaces(namespaces.entered)) == "True"


@pytest.mark.usefixtures("namespaced")
def test_fork_gets_a_namespace_and_later_ones_do_not() -> None:
    def deed() -> list[str]:
        found = []
        for fork in (namespaces.fork, os.fork, namespaces.fork, os.fork):
            child = fork()
            if child == 0:
                os._exit(os.getpid())
            found.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1)
        return found

    assert _in_a_fork(_in_namespaces(deed)) == "[True, False, True, False]"


@pytest.mark.usefixtures("namespaced")
def test_user_stays_the_same_in_namespaces() -> None:
    assert _in_a_fork(_in_namespaces(lambda: (os.getuid(), os.getgid()))) == str((os.getuid(), os.getgid()))


def test_no_process_of_the_tests_has_entered() -> None:
    assert not namespaces.entered()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK])
def test_seccomp_alone_refuses_sockets(family: socket.AddressFamily) -> None:
    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert seccomp.refuse_sockets()
        return socket.socket(family, socket.SOCK_DGRAM)

    assert _in_a_fork(deed) == "PermissionError"


def test_seccomp_refuses_io_urings() -> None:
    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert seccomp.refuse_sockets()
        return kernel.call("syscall", 425, 1, None)

    assert _in_a_fork(deed) == "PermissionError"


def test_seccomp_refuses_the_x32_numbers() -> None:
    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert seccomp.refuse_sockets()
        return kernel.call("syscall", 0x40000000 + 39)

    assert _in_a_fork(deed) == "PermissionError"


def test_seccomp_says_when_it_is_not_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    assert seccomp.refuse_sockets() is False
    assert seccomp.refuse([1]) is False


def test_seccomp_says_when_the_kernel_refuses() -> None:
    def deed() -> object:
        capabilities.keep(0)
        return seccomp.refuse_sockets()  # without PR_SET_NO_NEW_PRIVS

    assert _in_a_fork(deed) == "False"


@pytest.mark.skipif(landlock.version() < 4, reason="Landlock covers TCP since version 4 of its interface")
def test_landlock_alone_refuses_tcp(listeners: dict[str, socket.socket], tmp_path: Path) -> None:
    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert landlock.deny_outside(str(tmp_path))
        return _connect(socket.SOCK_STREAM, listeners["tcp"])

    assert _in_a_fork(deed) == "PermissionError"


@LANDLOCK
def test_landlock_alone_keeps_writes_in_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside").write_text("safe")

    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert landlock.deny_outside(str(inside))
        (inside / "file").write_text("written")
        (inside / "folder").mkdir()
        (inside / "file").rename(inside / "folder" / "file")
        Path(os.devnull).write_text("nothing")
        return (tmp_path / "outside").write_text("spoilt")

    assert _in_a_fork(deed) == "PermissionError"
    assert (tmp_path / "outside").read_text() == "safe"
    assert (inside / "folder" / "file").read_text() == "written"


@LANDLOCK
@pytest.mark.parametrize("known", [1, 2, 3, 4, 5, 6])
def test_older_landlock_keeps_writes_in_the_folder(tmp_path: Path, known: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if landlock.version() < known:
        pytest.skip(f"this kernel's Landlock is older than version {known}")
    monkeypatch.setattr(landlock, "version", lambda: known)
    inside = tmp_path / "inside"
    inside.mkdir()

    def deed() -> object:
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        landlock.deny_outside(str(inside))
        landlock.deny_others()
        (inside / "file").write_text("written")
        return (tmp_path / "outside").write_text("spoilt")

    assert _in_a_fork(deed) == "PermissionError"
    assert (inside / "file").read_text() == "written"


def test_landlock_says_when_it_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert landlock.deny_outside(str(tmp_path)) is False
    assert landlock.deny_others() is False


@LANDLOCK
def test_landlock_hides_the_memory_of_others() -> None:
    def deed() -> object:
        parent = os.getppid()
        capabilities.keep(0)
        kernel.prctl(kernel.NO_NEW_PRIVS, 1)
        assert landlock.deny_others()
        return Path(f"/proc/{parent}/environ").read_bytes()

    assert _in_a_fork(deed) == "PermissionError"


def test_capabilities_that_are_not_kept_are_gone() -> None:
    def deed() -> object:
        capabilities.keep(capabilities.READ)
        status = Path("/proc/self/status").read_text()
        return [line.split()[1] for line in status.splitlines() if line.startswith(("CapPrm", "CapEff"))]

    kept = f"{4 if os.geteuid() == 0 else 0:016x}"
    assert _in_a_fork(deed) in (str([kept, kept]), str(["0" * 16] * 2))


def test_strays_come_back_and_are_swept() -> None:
    def deed() -> object:
        strays.adopt()
        spared = os.fork()
        if spared == 0:
            time.sleep(60)
        ours, theirs = os.pipe()
        if os.fork() == 0:
            if os.fork() == 0:
                os.setsid()
                os.write(theirs, str(os.getpid()).encode())
                time.sleep(60)
            os._exit(0)
        stray = int(os.read(ours, 100))
        strays.sweep({spared})
        left = strays.children()
        os.kill(spared, 9)
        return strays.adopts(), left == {spared}, Path(f"/proc/{stray}").exists()

    assert _in_a_fork(deed) == "(True, True, False)"


def test_tests_do_not_adopt() -> None:
    assert not strays.adopts()


def test_process_without_its_parent_ends() -> None:
    child = os.fork()
    if child == 0:
        kernel.die_with_parent(9, parent=os.getpid())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_bounds_stay_below_the_hard_limits() -> None:
    def deed() -> object:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        confine._bound(resource.RLIMIT_NOFILE, 1024)
        return resource.getrlimit(resource.RLIMIT_NOFILE)

    assert _in_a_fork(deed) == "(200, 200)"


def test_protections_hold_here() -> None:
    found = protections()
    assert found[0] == "rlimits"
    assert {"network-namespace", "seccomp"} & set(found)
    assert ("landlock" in found) == (landlock.version() > 0)


@pytest.mark.parametrize("as_nobody", [False, True], ids=["this user", "nobody"])
def test_protections_tell_what_is_missing(report: Reporter, as_nobody: bool) -> None:
    nothing = Request([])
    made = report(Job(nothing, without_namespaces=True, without_landlock=True), as_nobody=as_nobody)
    assert made.layers == ("rlimits", "seccomp")
