"""Give the history's tests real Git repositories, and a reader that needs no sandbox."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from .untouched import untouched

Git = Callable[..., str]

_SETTINGS = {
    "GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_AUTHOR_NAME": "Author",
    "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z",
    "GIT_COMMITTER_EMAIL": "committer@example.org",
    "GIT_COMMITTER_NAME": "Committer",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@pytest.fixture(autouse=True)
def git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of whoever runs the tests reaches git."""
    for name in [name for name in os.environ if name.startswith("GIT_") and not name.startswith("GIT_PYTHON_")]:
        monkeypatch.delenv(name)
    for name, value in _SETTINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def private_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where trees are laid out in this test; nothing may be left there in the end."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def git() -> Git:
    """Run git in a folder; return its output without the last line break."""

    def run(folder: Path, *arguments: str | bytes, stdin: bytes = b"") -> str:
        command = ["git", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments]
        finished = subprocess.run(command, input=stdin, capture_output=True, check=False)
        assert finished.returncode == 0, finished.stderr.decode()
        return os.fsdecode(finished.stdout).removesuffix("\n")

    return run


@pytest.fixture
def commit(git: Git) -> Callable[..., str]:
    """Write files, and commit them with all else that changed; return the commit."""

    def run(folder: Path, files: dict[str, str | bytes], message: str = "change") -> str:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(folder, "rev-parse", "HEAD")

    return run


@pytest.fixture
def repo(tmp_path: Path, git: Git, commit: Callable[..., str]) -> Path:
    """A repository with one commit, that of `dags/etl.py`."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, {"dags/etl.py": "first\n"}, "first")
    return folder


@pytest.fixture
def commit_tree(git: Git) -> Callable[..., str]:
    """Commit a tree of (mode, name, content) as no `git add` would make it; return the commit."""

    def run(folder: Path, *entries: tuple[str, bytes, bytes]) -> str:
        tree = b""
        for mode, name, content in entries:
            kind = "tree" if mode == "40000" else "blob"
            arguments = ("hash-object", "--literally", "-w", "-t", kind, "--stdin")
            tree += mode.encode() + b" " + name + b"\0" + bytes.fromhex(git(folder, *arguments, stdin=content))
        id_ = git(folder, "hash-object", "--literally", "-w", "-t", "tree", "--stdin", stdin=tree)
        return git(folder, "commit-tree", "-m", "odd", id_)

    return run


@pytest.fixture(name="untouched")
def untouched_fixture() -> Callable[..., AbstractContextManager[None]]:
    """Assert that repositories are the same before and after: `with untouched(folder): ...`."""
    return untouched
