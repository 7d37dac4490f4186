"""Give the sandbox's tests a listener, a marker, and other users and machines to run as."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from . import sandbox_cases, sandbox_host

NOBODY = 65534


@pytest.fixture
def marker() -> Iterator[str]:
    """A word that no process has among its arguments; whoever has it in the end is killed."""
    word = f"dagserial-test-{uuid.uuid4().hex}"
    yield word
    for pid in sandbox_cases.processes_with(word):
        with suppress(ProcessLookupError):
            os.kill(pid, 9)


@pytest.fixture
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where `run` makes its private folders in this test."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(scope="session")
def world() -> Iterator[Path]:
    """A folder that everybody may write to, outside of every private folder."""
    folder = Path(tempfile.mkdtemp(prefix="dagserial-test-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def listeners(world: Path) -> Iterator[dict[str, socket.socket]]:
    """Sockets of this process that wait for connections or datagrams: tcp, udp and unix."""
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as unix,
    ):
        udp.bind(("127.0.0.1", 0))
        unix.bind(str(world / "socket"))
        (world / "socket").chmod(0o777)
        unix.listen()
        found = {"tcp": tcp, "udp": udp, "unix": unix}
        for listener in found.values():
            listener.setblocking(False)
        yield found


@pytest.fixture(scope="session")
def nobody_python() -> Iterator[str]:
    """An interpreter of this version that the user nobody can run, with what is installed here."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [getattr(sys, "_base_executable", sys.executable), f"/usr/bin/{version}", f"/usr/local/bin/{version}"]
    usable = [path for path in candidates if _runs_as_nobody([path, "-c", "import venv"])]
    if not usable:
        pytest.skip(f"nobody can run none of {', '.join(candidates)}")
    with tempfile.TemporaryDirectory(prefix="dagserial-test-") as folder:
        Path(folder).chmod(0o755)
        subprocess.run([usable[0], "-m", "venv", "--without-pip", "--symlinks", folder], check=True)
        [packages] = Path(folder).glob("lib/python*/site-packages")
        (packages / "installed.pth").write_text("\n".join(path for path in sys.path if path.endswith("-packages")))
        python = f"{folder}/bin/python"
        if not _runs_as_nobody([python, "-c", f"import msgspec; open({sandbox_host.__file__!r})"]):
            pytest.skip("nobody cannot read this checkout or what is installed here")
        yield python


def _runs_as_nobody(command: list[str]) -> bool:
    with suppress(OSError):
        finished = subprocess.run(
            command, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/", capture_output=True, check=False
        )
        return finished.returncode == 0
    return False


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> sandbox_host.Reporter:
    """Run a job in a process that is like this one, or that belongs to nobody."""

    def reported(job: sandbox_host.Job, *, as_nobody: bool = False) -> sandbox_host.Report:
        python = request.getfixturevalue("nobody_python") if as_nobody else sys.executable
        user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_nobody else {}
        finished = subprocess.run(
            [python, "-B", sandbox_host.__file__],
            input=msgspec.msgpack.encode(job),
            capture_output=True,
            timeout=100,
            cwd="/",
            check=False,
            **user,
        )
        assert not finished.stderr, finished.stderr.decode()
        return msgspec.msgpack.decode(finished.stdout, type=sandbox_host.Report)

    return reported
