"""Find the DAG files of a tree, as Airflow would: DAG folders, `.airflowignore`, files that speak of DAGs."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from dagserial.errors import SettingsError

Rule = Callable[[str], bool | None]
"""Tells whether a path is ignored, or None; the path is relative to the DAG folder, with `/` behind a folder's name."""

_REGEXP_MARKS = re.compile(r"\.\*|\.\+|\\[.dws]|[\^$|(]")
_COMMENT = re.compile(r"\s*#.*")
_SKIPPED = {".git", "__pycache__", ".venv", "node_modules"}


def dag_folders(root: Path, named: tuple[str, ...]) -> list[str]:
    """Return the DAG folders and DAG files of a tree, from its top, with `/`.

    Args:
        named: what the user names; where nothing is named: `dags`, else the folders of that name nearest to the top,
            else the whole tree (`.`). What this tree lacks is left out: another commit of it may have it.

    Raises:
        SettingsError: a named path lies outside of the tree.
    """
    for name in named:
        if not _lies_in(root / name, root):
            raise SettingsError(f"the DAG folder {name!r} lies outside of the repository")
    if named:
        return [_tidy(os.path.relpath(root / name, root)) for name in named if (root / name).exists()]
    level = [root]
    for _ in range(4):
        found = [folder / "dags" for folder in level if (folder / "dags").is_dir()]
        if found:
            return [folder.relative_to(root).as_posix() for folder in found]
        level = [Path(entry.path) for folder in level for entry in _folders(folder)]
    return ["."]


def dag_files(root: Path, folder: str, ignore_syntax: str) -> list[str]:
    """Return the DAG files of a folder, from the top of the tree, sorted; or the file, if it is one.

    A DAG file ends in `.py`, is not ignored, and holds both `dag` and `airflow` in any case (Airflow's safe mode,
    `might_contain_dag`), or `dagserial`.
    """
    top = root / folder
    if top.is_file():
        return [folder]
    names = [path for path in _walk(top, ignore_syntax, root) if _speaks_of_dags(top / path)]
    return sorted(_tidy(f"{folder}/{name}") for name in names)


def _tidy(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def _folders(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        kept = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
    return sorted(
        (entry for entry in kept if not entry.name.startswith(".") and entry.name not in _SKIPPED),
        key=lambda entry: entry.name,
    )


def _walk(top: Path, ignore_syntax: str, root: Path) -> Iterator[str]:
    """Iterate over the `.py` files below a folder, relative to it, but for ignored ones and links out of the tree."""
    seen: set[str] = set()
    rules: dict[str, list[Rule]] = {}
    for folder, folders, files in os.walk(top, followlinks=True):
        relative = os.path.relpath(folder, top).replace(os.sep, "/")
        prefix = "" if relative == "." else relative + "/"
        real = os.path.realpath(folder)
        if real in seen or not _lies_in(Path(real), root):
            folders.clear()
            continue
        seen.add(real)
        inherited = rules.get(os.path.dirname(folder), [])
        active = rules[folder] = [*inherited, *_rules(Path(folder, ".airflowignore"), prefix, ignore_syntax)]
        kept = (name for name in folders if name not in _SKIPPED and not _ignored(active, f"{prefix}{name}/"))
        folders[:] = sorted(kept)
        for name in files:
            if not name.endswith(".py") or _ignored(active, prefix + name):
                continue
            path = Path(folder, name)
            if not path.is_symlink() or _lies_in(path, root):
                yield prefix + name


def _lies_in(path: Path, root: Path) -> bool:
    """Tell whether a path, with all links followed, lies in a tree."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _ignored(rules: list[Rule], path: str) -> bool:
    """Tell whether a path is ignored: the last rule that says anything decides."""
    return next((verdict for rule in reversed(rules) if (verdict := rule(path)) is not None), False)


def _rules(file: Path, prefix: str, syntax: str) -> list[Rule]:
    """Read an `.airflowignore`.

    Airflow 2 reads regular expressions unless told otherwise, Airflow 3 globs as in `.gitignore`; `auto` takes a file
    that holds marks of a regular expression for one.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    lines = [line for line in (_COMMENT.sub("", line).strip() for line in text.splitlines()) if line]
    if syntax == "regexp" or (syntax == "auto" and any(map(_REGEXP_MARKS.search, lines))):
        return [_regexp_rule(line, file) for line in lines]
    spec = GitIgnoreSpec.from_lines(lines)
    return [lambda path: spec.check_file(path.removeprefix(prefix)).include]


def _regexp_rule(pattern: str, file: Path) -> Rule:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"{file.name} holds {pattern!r}, which is no regular expression: {error}") from None
    return lambda path: True if compiled.search(path.removesuffix("/")) else None


def speaks_of_dags(content: bytes) -> bool:
    """Tell whether a file with this content may declare DAGs, as `dag_files` has it."""
    text = content.lower()
    return (b"dag" in text and b"airflow" in text) or b"dagserial" in text


def _speaks_of_dags(path: Path) -> bool:
    try:
        return speaks_of_dags(path.read_bytes())
    except OSError:
        return False
