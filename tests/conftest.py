"""What several tests share: a repository, the command line."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import open_browser
from hypothesis import settings
from playwright.sync_api import Browser
from support import ROOT, Repo, make_environment, other_python, skip_or_fail

settings.register_profile("dagserial", deadline=None, print_blob=True)
settings.load_profile("dagserial")

# A shell has what it starts in the background ignore Ctrl-C, and all that these start, too: tests of it would wait.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-goldens", action="store_true", help="Write golden files instead of comparing them.")


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test remembers what it reads; nothing that another test, or anybody else, remembered is there."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    for name in ("DAGSERIAL_NO_CACHE", "DAGSERIAL_CACHE_MIB"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, bytes], None]:
    """Compare a file with bytes, or write it under --rewrite-goldens."""

    def compare(file: Path, found: bytes) -> None:
        if request.config.getoption("--rewrite-goldens"):
            file.write_bytes(found)
        assert file.read_bytes() == found, "if this is meant, run pytest --rewrite-goldens and say why in the commit"

    return compare


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """An empty repository."""
    return Repo(tmp_path / "repo")


@pytest.fixture(scope="session")
def another_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another Python than this one, the newest there is, with what writing records needs."""
    python = other_python()
    if python is None:
        reason = "no other Python from 3.11 on: pyenv install 3.13, or set DAGSERIAL_OTHER_PYTHON to one"
        skip_or_fail("python", reason)
    assert python
    return make_environment(python, tmp_path_factory.mktemp("python") / "venv")


@pytest.fixture
def dagserial() -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line in a process of its own."""

    def run(*arguments: str, env: dict[str, str] | None = None, **kwargs: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dagserial", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            **kwargs,
        )

    return run


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Fetch a package from npm, as `name@version`; return the folder of its files."""

    @functools.cache
    def fetch(name: str) -> Path:
        if not shutil.which("npm"):
            skip_or_fail("npm", "needs npm: apt-get install npm")
        folder = tmp_path_factory.mktemp("npm")
        done = subprocess.run(["npm", "pack", "--silent", name], cwd=folder, capture_output=True, text=True)
        if done.returncode:
            skip_or_fail("npm", f"cannot fetch {name}: npm pack {name} says {done.stderr.strip()}")
        with tarfile.open(folder / done.stdout.split()[-1]) as packed:
            packed.extractall(folder, filter="data")
        return folder / "package"

    return fetch
