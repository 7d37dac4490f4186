"""Start database servers for tests: on a free loopback port, in a folder of their own, ended by the one who started them."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pymysql
from support import skip_or_fail

_PATIENCE = 60.0
_USER = "nobody"
"""Whom servers run as when tests run as root: PostgreSQL refuses root."""


def _identity() -> dict[str, Any]:
    """Return how Popen lets a child be nobody, if we are root."""
    if os.getuid():
        return {}
    user = pwd.getpwnam(_USER)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _binary(name: str, package: str, patterns: tuple[str, ...]) -> str:
    """Return a server's program: newest of the folders where packages put it, else on PATH."""
    found = [path for pattern in patterns for path in Path("/").glob(pattern) if os.access(path, os.X_OK)]
    newest = max(found, key=lambda path: [int(part) if part.isdigit() else 0 for part in path.parts], default=None)
    program = str(newest) if newest else shutil.which(name)
    if program is None:
        skip_or_fail(package, f"needs {name}: apt-get install --no-install-recommends {_PACKAGES[package]}")
    assert program
    return program


_PACKAGES = {"postgres": "postgresql", "mariadb": "mariadb-server"}


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL; give the URL of its server, to which the name of a database is added."""
    initdb = _binary("initdb", "postgres", ("usr/lib/postgresql/*/bin/initdb", "usr/pgsql-*/bin/initdb"))
    server = str(Path(initdb).with_name("postgres"))
    with _folder("postgres") as folder:
        data = folder / "data"
        _run([initdb, "-D", str(data), "-U", "root", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"], folder)
        # fsync is off: what a crash of the machine would lose is no subject here.
        options = ["-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-F", "-c", "max_connections=50"]

        def connect(port: int) -> None:
            psycopg.connect(host="127.0.0.1", port=port, user="root", dbname="postgres").close()

        command = [server, "-D", str(data), *options]
        with _serving(lambda port: [*command, "-p", str(port)], connect, signal.SIGINT, folder) as port:
            yield f"postgresql+psycopg://root@127.0.0.1:{port}/"


@contextmanager
def mariadb() -> Iterator[str]:
    """Run a MariaDB; give the URL of its server, to which the name of a database is added."""
    server = _binary("mariadbd", "mariadb", ("usr/sbin/mariadbd",))
    install = _binary("mariadb-install-db", "mariadb", ("usr/bin/mariadb-install-db",))
    with _folder("mariadb") as folder:
        data, log = f"--datadir={folder}/data", "--innodb-log-file-size=64M"
        methods = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        _run([install, "--no-defaults", data, log, *methods], folder)
        options = [f"--socket={folder}/s", "--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin"]
        options += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--max-allowed-packet=64M"]

        def connect(port: int) -> None:
            pymysql.connect(host="127.0.0.1", port=port, user="root").close()

        command = [server, "--no-defaults", data, log, *options]
        with _serving(lambda port: [*command, f"--port={port}"], connect, signal.SIGTERM, folder) as port:
            yield f"mysql+pymysql://root@127.0.0.1:{port}/"


SERVERS: dict[str, Callable[[], Any]] = {"postgres": postgres, "mariadb": mariadb}


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    """Make a folder that the server may enter, which pytest's own is not, and remove it."""
    folder = Path(tempfile.mkdtemp(prefix=f"dagserial-{name}-"))
    try:
        if who := _identity():
            os.chown(folder, who["user"], who["group"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, **_identity())
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def _serving(
    command: Callable[[int], list[str]], connect: Callable[[int], None], end: signal.Signals, folder: Path
) -> Iterator[int]:
    """Run a server until the block ends; another process may take the free port first, then another is tried."""
    for _ in range(5):
        port = _free_port()
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(command(port), cwd=folder, stdout=log, stderr=log, **_identity())
        try:
            if _answers(process, lambda: connect(port)):  # noqa: B023
                yield port
                return
        finally:
            if process.poll() is None:
                process.send_signal(end)
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    raise AssertionError(f"{command(0)[0]} does not start: {(folder / 'log').read_text()}")


def _answers(process: subprocess.Popen[bytes], connect: Callable[[], None]) -> bool:
    """Wait until a server answers; whether it does."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(psycopg.OperationalError, pymysql.err.OperationalError):
            connect()
            return True
        time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
