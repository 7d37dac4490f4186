"""List commits."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from dagserial.errors import RepositoryError, SettingsError
from dagserial.history import refs
from dagserial.history.repository import Repository, reason

_FORMAT = "%H%n%T%n%P%n%an%n%aI%n%cI%n%s"
_LINES = 8
"""A line `commit <id>`, then those of the format."""


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A commit.

    Attributes:
        id: 40 hex, or 64 in a repository of SHA-256 objects; `tree` and `parents` too.
        author: the author's name.
        authored_at: when it was written, ISO 8601 with the author's time zone as an offset.
        committed_at: when it was committed.
        subject: the first paragraph of the message, in one line.
    """

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    authored_at: str
    committed_at: str
    subject: str


def commits(
    repository: Repository,
    range_: str,
    *,
    first_parent: bool = True,
    since: str | None = None,
    until: str | None = None,
    paths: Sequence[str] = (),
) -> list[Commit]:
    """Return the commits of a range, the newest first; none before its parents.

    Args:
        range_: `B` for all that led to B, `A..B` without what led to A, `A...B` for what led to one of them only.
        first_parent: follow the first parent of merges only.
        since: no commits that are older, as `git log --since` takes it.
        until: no commits that are newer.
        paths: only commits that changed one of these files or folders, from the top of the tree.

    Raises:
        SettingsError: a ref can be none.
        NotFoundError: a ref names no commit.
        RepositoryError: the repository has no commit yet, or its history cannot be read.
    """
    arguments = [*(["--first-parent"] if first_parent else ["--topo-order"]), f"--format={_FORMAT}"]
    arguments += [f"--{name}={_moment(name, text)}" for name, text in (("since", since), ("until", until)) if text]
    status, output, diagnostics = repository.run(
        "-c",
        "i18n.logOutputEncoding=UTF-8",
        "rev-list",
        *arguments,
        *_ends(repository, range_),
        "--",
        *(f":(top,literal){path}" for path in paths),
    )
    if status:
        raise RepositoryError(f"git cannot list the commits of {repository}: {reason(diagnostics)}")
    lines = output.decode(errors="replace").split("\n")
    return [_commit(lines[at + 1 : at + _LINES]) for at in range(0, len(lines) - 1, _LINES)]


def cut_off(repository: Repository) -> frozenset[str]:
    """Return the commits of a shallow clone whose parents are not there."""
    status, output, _ = repository.run("rev-parse", "--path-format=absolute", "--git-path", "shallow")
    path = Path(os.fsdecode(output.removesuffix(b"\n")))
    return frozenset(path.read_text().split()) if not status and path.is_file() else frozenset()


def _ends(repository: Repository, range_: str) -> list[str]:
    for dots in ("...", ".."):
        old, found, new = range_.partition(dots)
        if found:
            start, end = refs.commit(repository, old or "HEAD"), refs.commit(repository, new or "HEAD")
            return [f"{start}{dots}{end}"]
    return [refs.commit(repository, range_)]


def _moment(name: str, text: str) -> str:
    if "\0" in text:
        raise SettingsError(f"--{name} takes a date, not {text!r}")
    return text


def _commit(lines: list[str]) -> Commit:
    id_, tree, parents, author, authored_at, committed_at, subject = lines
    # Some versions of git write UTC as Z.
    authored, committed = (re.sub("Z$", "+00:00", text) for text in (authored_at, committed_at))
    return Commit(id_, tree, tuple(parents.split()), author, authored, committed, subject)
