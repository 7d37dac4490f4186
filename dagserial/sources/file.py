"""Find the files of the tree that arguments of tasks name."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagserial.model import Value

EXTENSIONS = (*(".bash", ".hql", ".html", ".j2", ".jinja2", ".json", ".py", ".sh", ".sql", ".yaml", ".yml"),)
"""How texts end that may name a file, whatever the operator."""
MAX_BYTES = 16 * 2**20
"""Larger files are no templates and no settings; their names stay texts."""
_MAX_PATH = 1024


@dataclass(frozen=True, slots=True)
class FileArgument:
    """A text that names a file of the tree."""

    path: str
    digest: str


def file_value(argument: FileArgument, encode: Callable[[Any], Value]) -> Value:
    """Tag a file by its path as written and the digest of its content."""
    return {"$": "file", "digest": argument.digest, "path": encode(argument.path)}


class Files:
    """The files of one tree, as DAG files name them; each is read once."""

    def __init__(
        self,
        root: str,
        folders: Sequence[str],
        *,
        dag_file: str = "",
        in_tree: Callable[[str], str] = lambda path: path,
    ) -> None:
        """Prepare.

        Args:
            root: folder of the tree; nothing outside of it is ever looked at.
            folders: where names are looked up: the DAG file's folder, then the DAG folder; absolute.
            dag_file: the DAG file itself, absolute; its name stays a text, as `__file__` says where it lies.
            in_tree: returns where a path that only a deployment has lies in the tree, and any other as it is.
        """
        self._root = os.path.realpath(root)
        self._dag_file = os.path.realpath(dag_file) if dag_file else ""
        self._folders = list(folders)
        self._in_tree = in_tree
        self._digests: dict[str, str | None] = {}

    def found_in(self, arguments: Mapping[str, Any], operator: Any, dag: Any) -> dict[str, Any]:
        """Return a task's arguments, each text that names a file replaced by a FileArgument.

        Texts are looked at as they are, in lists and tuples, and as values of dicts, one level deep.
        """
        endings = (*EXTENSIONS, *_template_ext(operator))
        folders = [*self._folders, *self._searched(dag)]

        def found(value: Any) -> Any:
            is_name = type(value) is str and value.endswith(endings) and len(value) <= _MAX_PATH
            return self._file(value, folders) if is_name else value

        return {name: _each(value, found) for name, value in arguments.items()}

    def found_in_mapping(self, sources: Any, operator: Any, dag: Any) -> Any:
        """Return what a task is mapped over, in the same way: the items of literal sources."""
        value = sources.value
        if isinstance(value, Mapping):
            value = self.found_in(value, operator, dag)
        elif isinstance(value, list):
            value = [self.found_in(item, operator, dag) if isinstance(item, dict) else item for item in value]
        return sources._replace(value=value)

    def _searched(self, dag: Any) -> Iterator[str]:
        """Iterate over the DAG's `template_searchpath`; relative entries count from every folder, then from the top."""
        declared = getattr(dag, "template_searchpath", None)
        paths = declared if isinstance(declared, list | tuple) else [declared]
        for path in paths:
            if type(path) is str:
                yield from (os.path.join(folder, path) for folder in (*self._folders, self._root))

    def _file(self, name: str, folders: Sequence[str]) -> Any:
        """Return a FileArgument, or the name if no file has it. Jinja takes `/x.sql` for `x.sql` in a folder."""
        names = dict.fromkeys((name, name.lstrip("/")))
        paths = (os.path.join(folder, path) for path in names for folder in dict.fromkeys(folders))
        digest = next((digest for path in paths if (digest := self._digest(path)) is not None), None)
        return name if digest is None else FileArgument(name, digest)

    def _digest(self, path: str) -> str | None:
        """Return the digest of a regular file of the tree, or None."""
        if path not in self._digests:
            self._digests[path] = self._read(path)
        return self._digests[path]

    def _read(self, path: str) -> str | None:
        try:
            real = os.path.realpath(self._in_tree(path))
            inside = os.path.relpath(real, self._root).split(os.sep)
            if inside[0] in (os.pardir, ".git") or real == self._dag_file:
                return None
            found = os.stat(real)
            if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
                return None
            with open(real, "rb") as file:
                return f"sha256:{hashlib.sha256(file.read()).hexdigest()}"
        except (OSError, ValueError):  # no such file, or a name that no file can have
            return None


def _template_ext(operator: Any) -> tuple[str, ...]:
    declared = getattr(operator, "template_ext", ())
    listed = declared if isinstance(declared, list | tuple) else ()
    return tuple(ending for ending in listed if type(ending) is str and ending)


def _each(value: Any, found: Callable[[Any], Any]) -> Any:
    """Return a value with its texts replaced: itself, or those directly in a list, tuple or dict."""
    if type(value) is list:
        return [found(item) for item in value]
    if type(value) is tuple:
        return tuple(map(found, value))
    if type(value) is dict:
        return {key: found(item) for key, item in value.items()}
    return found(value)
