"""Show that a repository is left as it was: to Git, and file by file."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ASKED = {
    "status": ("status", "--porcelain=v2", "--branch", "--ignored"),
    "refs": ("for-each-ref", "--format=%(refname) %(objectname) %(symref)"),
    "HEAD": ("rev-parse", "--symbolic-full-name", "HEAD", "--verify"),
    "reflog": ("log", "--walk-reflogs", "--all", "--format=%gD %H %gs"),
    "config": ("config", "--local", "--list", "-z"),
    "worktrees": ("worktree", "list", "--porcelain"),
    "objects": ("count-objects", "-v"),
    "stash": ("stash", "list"),
}
"""What Git says of a repository, by what is asked."""

_QUIET = {"core.fsmonitor": "false", "core.hooksPath": "/dev/null"}
_QUIET |= {"filter.evil.clean": "", "filter.evil.process": "", "filter.evil.required": "false"}
_GUARDS = ("--no-optional-locks", *(word for name, value in _QUIET.items() for word in ("-c", f"{name}={value}")))
"""Without these, looking would write the index that is to be watched, and run what leaves a mark."""


def state(folder: Path) -> dict[str, object]:
    """Return all that can be seen of a repository: what Git says, and each file and folder, `.git` too.

    Bytes count for what is small, such as index, config and hooks; size, mode and time of change for everything.
    """
    found: dict[str, object] = {name: _said(folder, *arguments) for name, arguments in _ASKED.items()}
    common = Path(_said(folder, "rev-parse", "--path-format=absolute", "--git-common-dir").decode().strip())
    for top in {folder, common}:
        for path in [top, *top.rglob("*")]:
            about = path.lstat()
            known: tuple[object, ...] = about.st_mode, about.st_size, about.st_mtime_ns, about.st_ino
            if path.is_file() and about.st_size < 1_000_000:
                known = (*known, path.read_bytes())
            found[str(path)] = known
    return found


def _said(folder: Path, *arguments: str) -> bytes:
    command = ["git", *_GUARDS, "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout


@contextmanager
def untouched(*folders: Path) -> Iterator[None]:
    """Assert that repositories are the same before and after, whatever is done to them meanwhile.

    The index is made stale first, so that whoever would refresh it is caught; so are folders in which a file came and
    went, by their times.
    """
    for folder in folders:
        _make_stale(folder)
    before = [state(folder) for folder in folders]
    yield
    for old, new in zip(before, [state(folder) for folder in folders], strict=True):
        assert {name: new.get(name) for name in old | new if old.get(name) != new.get(name)} == {}


def _make_stale(folder: Path) -> None:
    for name in _said(folder, "ls-files", "-z").split(b"\0")[:-1]:
        path = os.path.join(os.fsencode(folder), name)
        if os.path.isfile(path) and not os.path.islink(path):
            os.utime(path, (1_000_000_000, 1_000_000_000))
