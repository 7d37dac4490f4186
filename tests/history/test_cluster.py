"""DAG files run on a real Dask cluster: the same bytes as here, also when a worker is lost."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from dagserial.errors import SettingsError
from dagserial.history import History
from dagserial.history.cluster import cluster

from .fast_import import imported

_PATIENCE = 60.0


@contextmanager
def running(*command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a part of the cluster, and end it with all that it started."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=output, start_new_session=True, cwd=log.parent
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def said(log: Path, pattern: str) -> str:
    """Wait until a log says something; return it."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if found := re.search(pattern, log.read_text() if log.exists() else ""):
            return found[1]
        time.sleep(0.1)
    raise AssertionError(f"{log.name} does not say {pattern}: {log.read_text()}")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, on loopback."""
    folder = tmp_path_factory.mktemp("dask")
    with ExitStack() as stack:
        log = folder / "scheduler.log"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        stack.enter_context(running("distributed.cli.dask_scheduler", *options, log=log))
        address = said(log, r"Scheduler at:\s+tcp://(127\.0\.0\.1:\d+)")
        for name in ("one", "two"):
            log = folder / f"{name}.log"
            options = (address, "--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard", "--name", name)
            stack.enter_context(
                running("distributed.cli.dask_worker", *options, "--local-directory", str(folder), log=log)
            )
            said(log, r"(Registered to)")
        yield address


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository of 40 commits; each changes four DAG files."""
    text = b"import time\nfrom airflow import DAG\ntime.sleep(0.02)\ndag = DAG('dag_%d', description='%d')\n"
    trees = [{f"dags/dag_{one}.py": text % (one, step) for one in range(4)} for step in range(40)]
    imported(tmp_path / "repo", trees)
    return tmp_path / "repo"


@pytest.mark.parametrize("bundled", [False, True])
def test_a_cluster_gives_the_same_bytes(repo: Path, scheduler: str, bundled: bool) -> None:
    with (
        cluster(f"dask://{scheduler}") as lent,
        History(repo) as here,
        History(repo, executor=lent.executor, workers=lent.most, bundled=bundled) as there,
    ):
        assert list(there.log()) == list(here.log())
        assert there.at("main~7") == here.at("main~7")


def test_what_a_lost_worker_had_is_done_by_another(repo: Path, scheduler: str, tmp_path: Path) -> None:
    log = tmp_path / "lost.log"
    options = (scheduler, "--host", "127.0.0.1", "--nthreads", "4", "--no-dashboard", "--no-nanny")
    with running("distributed.cli.dask_worker", *options, "--local-directory", str(tmp_path), log=log) as worker:
        said(log, r"(Registered to)")
        with cluster(f"dask://{scheduler}") as lent, History(repo) as here:
            with History(repo, executor=lent.executor, workers=lent.most) as there:
                killed = []

                def kill(_part: float, _files: int) -> None:
                    if not killed:
                        os.killpg(worker.pid, signal.SIGKILL)
                        killed.append(worker.pid)

                assert list(there.log(progress=kill)) == list(here.log())
            assert killed
            assert worker.wait(5) == -signal.SIGKILL


def test_an_address_without_a_scheduler_is_told() -> None:
    with pytest.raises(SettingsError, match="no Dask scheduler answers at 127"), cluster("dask://127.0.0.1:9"):
        pass


@pytest.mark.parametrize("address", ["dask://", "tcp://127.0.0.1:1", "", "dask"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="dask://HOST:PORT"), cluster(address):
        pass
