"""Make Git repositories and other interpreters for tests, and say what a test needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GIT_ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "author",
    "GIT_AUTHOR_EMAIL": "author@example.invalid",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_NAME": "committer",
    "GIT_COMMITTER_EMAIL": "committer@example.invalid",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def skip_or_fail(name: str, reason: str) -> None:
    """Skip for want of something, visibly; fail where DAGSERIAL_REQUIRE names it."""
    if name in os.environ.get("DAGSERIAL_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here: {reason}")
    pytest.skip(reason)


def airflow_python(version: str) -> str:
    """Return the interpreter that has an Airflow, which `make airflow` puts in place."""
    python = ROOT / ".airflow" / version / "bin" / "python"
    if not python.exists():
        skip_or_fail("airflow", f"needs Airflow {version}: make airflow AIRFLOWS={version}")
    return str(python)


NEEDED_ELSEWHERE = ("msgspec", "pyyaml", "click", "pathspec", "zstandard")
"""What another interpreter needs of dagserial's requirements to write records; the names that pyproject.toml has."""


def other_python() -> Path | None:
    """Return the newest Python on this machine that dagserial supports and that is not the one running, if any.

    DAGSERIAL_OTHER_PYTHON names one; else those on PATH are tried, and those of pyenv.
    """
    for candidate in _candidates():
        if candidate.is_file() and _version(candidate) not in (None, sys.version_info[:2]):
            return candidate
    return None


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("DAGSERIAL_OTHER_PYTHON"):
        yield Path(named)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for minor in range(20, 10, -1):
        yield from map(Path, filter(None, [shutil.which(f"python3.{minor}")]))
        yield from sorted(pyenv.glob(f"3.{minor}.*/bin/python3"), reverse=True)


def _version(python: Path) -> tuple[int, int] | None:
    """Return the version of an interpreter that runs; a shim may stand for one that is not there."""
    code = "import sys, venv; print(*sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    if done.returncode:
        return None
    major, minor = map(int, done.stdout.split())
    return (major, minor) if (major, minor) >= (3, 11) else None


def make_environment(python: Path, folder: Path) -> Path:
    """Make a virtual environment in which records can be written, and return its interpreter."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [text for text in project["dependencies"] if text.startswith(NEEDED_ELSEWHERE)]
    needed += project["optional-dependencies"]["parse"]
    subprocess.run([str(python), "-m", "venv", str(folder)], check=True, capture_output=True, timeout=120)
    made = folder / "bin" / "python"
    command = [str(made), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *needed]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        skip_or_fail("wheels", f"cannot fetch what another Python needs: pip install {' '.join(needed)}")
    return made


class Repo:
    """A Git repository in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run Git in it and return what it prints."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **GIT_ENVIRONMENT},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def write(self, files: dict[str, str]) -> None:
        """Write files into the work tree."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, files: dict[str, str], message: str = "change") -> str:
        """Write files, commit everything, return the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git("rev-parse", "HEAD")
