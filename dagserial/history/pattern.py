"""Find the paths below a folder that match a pattern."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from dagserial.errors import SettingsError

if TYPE_CHECKING:
    from dagserial.history.path import RefPath

_SIGNS = re.compile(r"[*?\[]")


def found(top: RefPath, pattern: str) -> Iterator[RefPath]:
    """Return an iterator over what matches a pattern below a folder, each path once, as it is come across by name.

    `*`, `?` and `[...]` stand for what they do in `fnmatch`, with case, within one name; `**` for any folders, and at
    the end for all that is below. It follows no links. A pattern that ends in `/` finds folders alone.

    Raises:
        SettingsError: the pattern is empty or starts at `/`.
    """
    parts = PurePosixPath(pattern).parts
    if not parts or pattern.startswith("/"):
        raise SettingsError(f"{pattern!r} is no pattern of paths below a folder")
    matches = _once(_matching(top, parts))
    return (path for path in matches if path.is_dir()) if pattern.endswith("/") else matches


def _once(paths: Iterator[RefPath]) -> Iterator[RefPath]:
    seen = set()
    for path in paths:
        if path not in seen:
            seen.add(path)
            yield path


def _matching(path: RefPath, parts: tuple[str, ...]) -> Iterator[RefPath]:
    if not parts:
        yield path
        return
    part, rest = parts[0], parts[1:]
    if part == "**":
        for folder in _folders(path):
            yield from _matching(folder, rest) if rest else _with_files(folder)
    elif not _SIGNS.search(part):
        below = path / part
        if rest or below.exists() or below.is_symlink():
            yield from _matching(below, rest)
    elif path.is_dir():
        matches = re.compile(fnmatch.translate(part)).match
        for child in path.iterdir():
            if matches(child.name) and (not rest or child.is_dir()):
                yield from _matching(child, rest)


def _with_files(folder: RefPath) -> Iterator[RefPath]:
    yield folder
    for child in folder.iterdir():
        if child.is_symlink() or not child.is_dir():
            yield child


def _folders(path: RefPath) -> Iterator[RefPath]:
    """Iterate over a folder and all below it, but not through links."""
    ahead = [path] if path.is_dir() else []
    while ahead:
        folder = ahead.pop()
        yield folder
        ahead += [child for child in folder.iterdir() if not child.is_symlink() and child.is_dir()][::-1]
