"""Say what a DAG file that failed asked for and nobody supplied: the likely cause of its error."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator

_DEFAULTS = "default of the Variable"
_FLAGS = {
    "Variable": "--variables",
    "Connection": "--connections",
    "environment variable": "--env",
    _DEFAULTS: "--variables",
}
_UNKNOWN = re.compile(r"\$\{(?:[-+~(\s]|abs\()*([A-Za-z_]\w*)\.([A-Za-z_][\w.]*)")
"""A name of an absent package inside the text that stands for a symbol."""
_NOT_PACKAGES = {"Connection", "Variable", "airflow", *sys.stdlib_module_names}
_SHOWN = 4


def lacking(error: BaseException, asked: Iterable[tuple[str, str]], root: str) -> str:
    """Return the end of an error's message, each thing with the flag that supplies it; empty if nothing is known.

    Args:
        asked: what the file asked for in vain: (`Variable`, its key).
        root: folder of the tree, absolute.
    """
    found = list(asked)
    by_kind = {kind: _listed(kind, [name for of, name in found if of == kind]) for kind in _FLAGS}
    defaults = by_kind.pop(_DEFAULTS)
    parts = [*_files(error, root), *_packages(error, root), *filter(None, by_kind.values())]
    needed = "; ".join(parts) or defaults  # defaults are a cause only where nothing else is
    newer = _newer_python(error)
    return (f"; not supplied: {needed}" if needed else "") + (f"; {newer}" if newer else "")


def _listed(kind: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    taken = ", the default taken" if kind.startswith("default") else ""
    kind_named = kind.removeprefix("default of the ")
    return f"{kind_named}{'s' if len(names) > 1 else ''} {', '.join(names[:_SHOWN])}{more}{taken} ({_FLAGS[kind]})"


def _files(error: BaseException, root: str) -> Iterator[str]:
    """Iterate over the absolute path that a FileNotFoundError names, with the flag that would find it in the tree."""
    path = getattr(error, "filename", None)
    if not isinstance(error, FileNotFoundError | PermissionError | NotADirectoryError) or not isinstance(path, str):
        return
    if not path.startswith("/") or f"{path}/".startswith(f"{root}/"):
        return
    parts = path.strip("/").split("/")
    for number in range(1, len(parts)):
        if os.path.lexists(os.path.join(root, *parts[number:])):
            yield f"the file {path} (--root /{'/'.join(parts[:number])}=.)"
            return
    yield f"the file {path} (--root /{'/'.join(parts[:-1]) or parts[0]}=FOLDER, if it lies in the tree)"


def _packages(error: BaseException, root: str) -> Iterator[str]:
    """Iterate over the absent packages whose values an error's message shows."""
    named = {top: rest for top, rest in _UNKNOWN.findall(str(error)) if top not in _NOT_PACKAGES}
    for top, rest in named.items():
        folder = _folder_of(rest.split("."), root)
        if folder is not None:
            yield f"the package {top} (--package {top}={folder})"
        elif os.path.isdir(os.path.join(root, top)):
            yield f"the module {top}.{rest.rpartition('.')[0] or rest} (--path FOLDER)"
        else:
            yield f"the package {top} (--package {top}=FOLDER if it is the repository's, else --import {top})"


def _folder_of(names: list[str], root: str) -> str | None:
    """Return the folder, at most three levels deep, that holds a module under an absent package's name."""
    depth = root.count(os.sep)
    for folder, folders, _ in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if folder.count(os.sep) - depth >= 3:
            folders.clear()
        start = os.path.join(folder, names[0])
        if len(names) > 1 and (os.path.isfile(f"{start}.py") or os.path.isfile(os.path.join(start, "__init__.py"))):
            return os.path.relpath(folder, root)
        if len(names) > 2 and os.path.isfile(os.path.join(start, f"{names[1]}.py")):
            return os.path.relpath(folder, root)
    return None


def _newer_python(error: BaseException) -> str:
    """Tell that a file may be written for another Python than the one that reads it."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if isinstance(error, SyntaxError) and "f-string" in str(error):  # freer since 3.12 (PEP 701)
        return f"read by Python {here}, which is older than such f-strings (3.12)"
    if isinstance(error, ImportError) and (error.name or "").partition(".")[0] in sys.stdlib_module_names:
        return f"read by Python {here}, whose {error.name} may be older or newer than the file"
    return ""
