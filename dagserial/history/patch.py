"""Have Git write its own diff of two files that need not lie in a repository."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from dagserial.errors import RepositoryError
from dagserial.history.repository import reason
from dagserial.history.side import FileSide
from dagserial.sandbox.folder import private_folder

_FLAGS = ("--no-index", "--no-ext-diff", "--no-textconv")
_MODE = re.compile(rb"100644(?=\D*\n)")
_COLOR = re.compile(rb"\x1b\[[0-9;]*m")


def patch(old: FileSide | None, new: FileSide | None, *, renaming: str = "", color: bool = False) -> bytes:
    """Return the unified diff that Git writes without a diff driver; empty if the two sides are the same.

    The current folder says which repository's configuration holds (colours, context, algorithm), if any.

    Args:
        old: None if the file was added.
        new: None if it was deleted.
        renaming: what Git says of a rename or copy: `similarity index …`, `rename from …`, lines with newlines.

    Raises:
        RepositoryError: Git cannot be run, or fails.
    """
    if old and new and old.mode[:3] != new.mode[:3]:  # a file that became a link is another file, as in Git
        return patch(old, None, color=color) + patch(None, new, color=color)
    found = _written(old, new, color=color)
    if renaming:
        found = _with_renaming(found or _mode_change(old, new, color=color), renaming)
    special = next((side.mode for side in (old, new) if side and not side.is_file), None)
    return _with_mode(found, special) if special else found


def _written(old: FileSide | None, new: FileSide | None, *, color: bool) -> bytes:
    with private_folder() as folder:
        top = Path(folder)
        for name, side in (("a", old), ("b", new)):
            if side is not None:
                _write(top / name, side)
        if old and new:
            names = ["--no-prefix", "--", f"a/{old.path}", f"b/{new.path}"]
        else:
            top /= "a" if old else "b"
            names = ["--src-prefix=a/", "--dst-prefix=b/", "--"]
            names += [old.path if old else os.devnull, new.path if new else os.devnull]
        return _git(top, ["diff", *_FLAGS, f"--color={'always' if color else 'never'}", *names])


def _write(top: Path, side: FileSide) -> None:
    path = top / side.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(side.content)
    path.chmod(0o755 if side.mode.endswith("755") else 0o644)


def _mode_change(old: FileSide | None, new: FileSide | None, *, color: bool) -> bytes:
    """Return the first line of a diff for two sides that are the same, with both names quoted as Git does."""
    if old is None or new is None:
        return b""
    one, other = (FileSide(side.path, b"", mode) for side, mode in ((old, "100644"), (new, "100755")))
    return _written(one, other, color=color).partition(b"\n")[0] + b"\n"


def _with_renaming(found: bytes, renaming: str) -> bytes:
    """Put Git's lines on a rename where Git has them: behind the modes, with its line on blobs in place of ours."""
    lines = found.splitlines(keepends=True)
    codes = _COLOR.findall(lines[0]) or [b""]
    texts = [_COLOR.sub(b"", line) for line in lines]
    at = next(
        (at for at, text in enumerate(texts[1:], 1) if not text.startswith((b"old mode", b"new mode"))), len(lines)
    )
    behind = lines[at:]
    if behind and texts[at].startswith(b"index "):
        behind = behind[1:]
    told = [codes[0] + os.fsencode(line) + codes[-1] + b"\n" for line in renaming.splitlines() if line]
    return b"".join([*lines[:at], *told, *behind])


def _with_mode(found: bytes, mode: str) -> bytes:
    """Say in the head of a diff that what was compared as a file is a link or a submodule."""
    head, hunk, body = found.partition(b"@@ ")
    return _MODE.sub(mode.encode(), head) + hunk + body


def _git(folder: Path, arguments: list[str]) -> bytes:
    place = _run(Path.cwd(), ["rev-parse", "--absolute-git-dir"])
    git_dir = os.fsdecode(place.stdout.removesuffix(b"\n"))
    known = [] if place.returncode else [f"--git-dir={git_dir}", "--work-tree=."]
    done = _run(folder, [*known, *arguments])
    if done.returncode not in (0, 1):
        raise RepositoryError(f"git cannot compare two files: {reason(done.stderr.decode(errors='replace'))}")
    return done.stdout


def _run(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=False)
    except OSError as error:
        raise RepositoryError(f"git cannot be run: {error.strerror}") from error
