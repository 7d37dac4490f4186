"""Open the files of the tree under the paths that they have where the DAG files are deployed."""

from __future__ import annotations

import builtins
import functools
import io
import os
from collections.abc import Callable, Mapping
from typing import Any

_BY_PATH = ("access", "chdir", "listdir", "lstat", "open", "scandir", "stat")
"""Functions of `os` that find a file by the path that comes first; all others of the library end in these."""


class DeployedPaths:
    """Turn deployed absolute paths, such as `/opt/airflow/dags/x.sql`, into paths of the tree."""

    def __init__(self, roots: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            roots: folders of the tree, absolute, by the deployed path of each; the longest that fits counts.
        """
        tidy = {os.path.normpath(deployed): folder for deployed, folder in roots.items()}
        self._roots = sorted(tidy.items(), key=lambda pair: -len(pair[0]))

    def in_tree(self, path: Any) -> Any:
        """Return where a path lies in the tree; any other path, and what is no path, as it is."""
        if not isinstance(path, str | os.PathLike):
            return path
        name = os.fspath(path)
        if not isinstance(name, str) or not name.startswith("/"):
            return path
        tidy = os.path.normpath(name)
        for deployed, folder in self._roots:
            if tidy == deployed or tidy.startswith(f"{deployed.rstrip('/')}/"):
                return os.path.join(folder, tidy[len(deployed) :].lstrip("/"))
        return path

    def install(self) -> None:
        """Let `open` and the functions of `os` in this interpreter see the tree under its deployed paths."""
        if not self._roots:
            return
        for name in _BY_PATH:
            setattr(os, name, self._opening(getattr(os, name)))
        builtins.open = io.open = self._opening(builtins.open)

    def _opening(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def opening(*args: Any, **kwargs: Any) -> Any:
            first = (self.in_tree(args[0]), *args[1:]) if args else ()
            named = {name: self.in_tree(value) if name in ("path", "file") else value for name, value in kwargs.items()}
            return function(*first, **named)

        return opening
