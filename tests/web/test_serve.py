"""`dagserial serve`, and what is loaded for it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_store_is_served_until_the_process_is_told_to_end(store_url: str) -> None:
    command = [sys.executable, "-m", "dagserial", "serve", "--db", store_url, "--port", "0", "--root-path", "/x"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            found = re.fullmatch(r"serving (http://127\.0\.0\.1:\d+)/x/ \(ends with Ctrl-C\)\n", line)
            assert found, line
            got = httpx.get(f"{found[1]}/api/v1/dags/etl.json", trust_env=False)
            assert got.json()["links"]["runs"] == "/x/api/v1/dags/etl/runs.json"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.stderr
            rest = process.stderr.read()
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "'0.0.0.0' may be reached by other machines"),
        (["--host", "192.0.2.77", "--proxy-user-header", "X-User"], "cannot serve on 192.0.2.77"),
        (["--token-file", "none"], "token file 'none' cannot be read"),
        (["--token-file", "x", "--proxy-user-header", "X-User"], "give one"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_sentence(
    dagserial: Run, store_url: str, arguments: list[str], said: str
) -> None:
    done = dagserial("serve", "--db", store_url, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_that_is_not_there_is_not_served(dagserial: Run, tmp_path: Path) -> None:
    missing = dagserial("serve", "--db", f"sqlite:///{tmp_path / 'none.db'}")
    assert (missing.returncode, "there is no database" in missing.stderr) == (2, True)
    (tmp_path / "empty.db").touch()
    empty = dagserial("serve", "--db", f"sqlite:///{tmp_path / 'empty.db'}")
    assert (empty.returncode, "`dagserial db upgrade` makes it" in empty.stderr) == (2, True)


def test_a_port_that_is_taken_is_told(dagserial: Run, store_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = dagserial("serve", "--db", store_url, "--port", str(port))
    assert (done.returncode, f"cannot serve on 127.0.0.1, port {port}: Address already in use" in done.stderr) == (
        2,
        True,
    )


def test_without_the_extra_it_is_said_what_to_install(store_url: str) -> None:
    code = f"""
import sys
sys.modules["starlette"] = None
from dagserial.cli import main
sys.argv = ["dagserial", "serve", "--db", {store_url!r}]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'dagserial[web]'" in done.stderr


def test_nothing_else_loads_what_serves() -> None:
    code = """
import sys
import dagserial
from dagserial import compare, serialize, History, RecordStore
from dagserial.cli.group import main
print([name for name in ("starlette", "uvicorn", "jinja2", "anyio") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
