"""Find the DAG files of a tree, as Airflow would: DAG folders, `.airflowignore`, files that speak of DAGs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pathspec import GitIgnoreSpec

from dagserial.errors import SettingsError
from dagserial.sources.tree import Tree

Rule = Callable[[str], bool | None]
"""Tells whether a path is ignored, or None; the path is relative to the DAG folder, with `/` behind a folder's name."""

_REGEXP_MARKS = re.compile(r"\.\*|\.\+|\\[.dws]|[\^$|(]")
_COMMENT = re.compile(r"\s*#.*")
_SKIPPED = {".git", "__pycache__", ".venv", "node_modules"}


def dag_folders(tree: Tree, named: tuple[str, ...]) -> list[str]:
    """Return the DAG folders and DAG files of a tree, from its top, with `/`.

    Args:
        named: what the user names; where nothing is named: `dags`, else the folders of that name nearest to the top,
            else the whole tree (`.`). What this tree lacks is left out: another commit of it may have it.

    Raises:
        SettingsError: a named path lies outside of the tree.
    """
    for name in named:
        if tree.real(name) is None:
            raise SettingsError(f"the DAG folder {name!r} lies outside of the repository")
    if named:
        return [tree.tidy(name) for name in named if tree.kind(name)]
    level = [""]
    for _ in range(4):
        found = [f"{folder}dags" for folder in level if tree.kind(f"{folder}dags") == "folder"]
        if found:
            return found
        level = [f"{folder}{name}/" for folder in level for name in _folders(tree, folder)]
    return ["."]


def dag_files(tree: Tree, folder: str, ignore_syntax: str) -> list[str]:
    """Return the DAG files of a folder, from the top of the tree, sorted; or the file, if it is one.

    A DAG file ends in `.py`, is not ignored, and holds both `dag` and `airflow` in any case (Airflow's safe mode,
    `might_contain_dag`), or `dagserial`.
    """
    if tree.kind(folder) == "file":
        return [folder]
    top = "" if folder == "." else f"{folder}/"
    names = (top + path for path in _walk(tree, top, ignore_syntax))
    return sorted(name for name in names if tree.passes(name, speaks_of_dags))


def _folders(tree: Tree, folder: str) -> list[str]:
    """Return the names of folders that may hold DAG folders; links are not among them."""
    return [
        name
        for name, kind, is_link in tree.listing(folder)
        if kind == "folder" and not is_link and not name.startswith(".") and name not in _SKIPPED
    ]


def _walk(tree: Tree, top: str, ignore_syntax: str) -> Iterator[str]:
    """Iterate over the `.py` files below a folder, relative to it, but for ignored ones and links out of the tree."""
    seen: set[str] = set()
    waiting: list[tuple[str, list[Rule]]] = [("", [])]
    while waiting:
        prefix, inherited = waiting.pop()
        real = tree.real(top + prefix)
        if real is None or real in seen:
            continue
        seen.add(real)
        rules = [*inherited, *_rules(tree.content(f"{top}{prefix}.airflowignore"), prefix, ignore_syntax)]
        below = []
        for name, kind, _ in tree.listing(top + prefix):
            if kind == "folder" and name not in _SKIPPED and not _ignored(rules, f"{prefix}{name}/"):
                below.append((f"{prefix}{name}/", rules))
            if kind == "file" and name.endswith(".py") and not _ignored(rules, prefix + name):
                yield prefix + name
        waiting += below[::-1]


def _ignored(rules: list[Rule], path: str) -> bool:
    """Tell whether a path is ignored: the last rule that says anything decides."""
    return next((verdict for rule in reversed(rules) if (verdict := rule(path)) is not None), False)


def _rules(content: bytes | None, prefix: str, syntax: str) -> list[Rule]:
    """Read an `.airflowignore`, if there is one.

    Airflow 2 reads regular expressions unless told otherwise, Airflow 3 globs as in `.gitignore`; `auto` takes a file
    that holds marks of a regular expression for one.
    """
    if content is None:
        return []
    text = content.decode(errors="replace")
    lines = [line for line in (_COMMENT.sub("", line).strip() for line in text.splitlines()) if line]
    if syntax == "regexp" or (syntax == "auto" and any(map(_REGEXP_MARKS.search, lines))):
        return [_regexp_rule(line) for line in lines]
    spec = GitIgnoreSpec.from_lines(lines)
    return [lambda path: spec.check_file(path.removeprefix(prefix)).include]


def _regexp_rule(pattern: str) -> Rule:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise SettingsError(f".airflowignore holds {pattern!r}, which is no regular expression: {error}") from None
    return lambda path: True if compiled.search(path.removesuffix("/")) else None


def speaks_of_dags(content: bytes) -> bool:
    """Tell whether a file with this content may declare DAGs, as `dag_files` has it."""
    text = content.lower()
    return (b"dag" in text and b"airflow" in text) or b"dagserial" in text
