"""Read a file as it was on both sides of a change, where Git tells the contents and not the commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from dagserial.history.repository import Repository
from dagserial.history.side import FileSide
from dagserial.history.tree import materialise
from dagserial.sources.reading import Reading, ReadOptions

ReadContents = Callable[[Path, Sequence[tuple[str, bytes]], ReadOptions], list[Reading]]
"""Reads contents as the files of the tree at a path."""


class _Step(msgspec.Struct, frozen=True):
    """A commit that changed a file, with the blobs before and after; zeros where there was no file."""

    commit: str
    before: str
    after: str


def readings(
    repository: Repository, sides: Sequence[FileSide], options: ReadOptions, read: ReadContents
) -> list[Reading]:
    """Return what the sides of a change declare; one reading each, in their order.

    All are read with the work tree around them. Only where one cannot be, or where there is no work tree, each is read
    with the files of the commit that made it so, as far as HEAD's history knows one.

    Args:
        sides: at most two, the older one first.

    Raises:
        SettingsError: an option names something outside of the tree.
        RepositoryError: the files of a commit cannot be read.
        SandboxError: the files could not be run at all.
    """
    root = repository.root
    found = read(root, _contents(sides), options) if root else [None] * len(sides)
    if root and not any(reading.errors for reading in found if reading):
        return [reading for reading in found if reading]
    commits = _commits(repository, sides)
    own = []
    for side, known, commit in zip(sides, found, commits, strict=True):
        if commit is None and known is not None:
            own.append(known)
            continue
        with materialise(repository, commit or "HEAD") as tree:
            own += read(tree.root, _contents([side]), options)
    is_better = not any(reading.errors for reading in own)
    return own if is_better or not root else [reading for reading in found if reading]


def _contents(sides: Sequence[FileSide]) -> list[tuple[str, bytes]]:
    return [(side.path, side.content) for side in sides]


def _commits(repository: Repository, sides: Sequence[FileSide]) -> list[str | None]:
    """Return for each side the commit in whose tree it stood: a commit that made the change, and its parent, if any."""
    newest = _steps(repository, sides[-1])
    if len(sides) == 1:
        return [_standing(sides[0], newest)]
    older, newer = sides
    made = [step.commit for step in newest if step.after == newer.blob]
    pairs = [(f"{commit}^", commit) for commit in made if _blob(repository, f"{commit}^", older.path) == older.blob]
    if older.blob and pairs:
        return list(pairs[0])
    return [_standing(older, _steps(repository, older)), made[0] if made else None]


def _standing(side: FileSide, steps: list[_Step]) -> str | None:
    """Return the newest commit in which a file was as it is on a side."""
    held = (step.commit if step.after == side.blob else f"{step.commit}^" for step in steps)
    return next(held, None)


def _steps(repository: Repository, side: FileSide) -> list[_Step]:
    """Return the commits of HEAD's history that brought or took a file's content, newest first."""
    if side.blob is None:
        return []
    flags = ("--raw", "--no-abbrev", "--no-renames", "--format=%H", f"--find-object={side.blob}")
    _, output, _ = repository.run("log", *flags, "HEAD", "--", f":(top,literal){side.path}")
    steps, commit = [], ""
    for line in output.decode(errors="replace").splitlines():
        if line.startswith(":"):
            _, _, before, after, _ = line.split(maxsplit=4)
            steps.append(_Step(commit, before, after))
        elif line:
            commit = line
    return steps


def _blob(repository: Repository, commit: str, path: str) -> str | None:
    status, output, _ = repository.run("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
    return None if status else output.decode().strip()
