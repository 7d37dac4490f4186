"""Read the settings of a repository: `dagserial.toml`, or `[tool.dagserial]` in its pyproject.toml."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from dagserial.errors import SettingsError
from dagserial.sources.reading import ReadOptions

_FIELDS = {name.replace("_", "-"): name for name in ReadOptions.__struct_fields__}
_ENV_FILE = "env-file"
_MOVED = "moved"
_APART = ("ignore", _MOVED, "severity")
"""Settings that do not say how DAG files are read."""
_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)")


def settings(root: Path | None) -> dict[str, Any]:
    """Return what a repository's settings file says, by field of ReadOptions; nothing if there is none.

    Args:
        root: top of the work tree; None for a bare repository, which has no settings.

    Raises:
        SettingsError: the file cannot be read, or names a setting that does not exist.
    """
    found = _found(root)
    return _fields(*found) if found else {}


def moved(root: Path | None) -> dict[str, str]:
    """Return what a repository's settings file declares to have moved, old id -> new id.

    Raises:
        SettingsError: the file cannot be read, or `moved` is no table of ids.
    """
    table, path = _found(root) or ({}, Path())
    declared = table.get(_MOVED, {})
    if not isinstance(declared, dict) or not all(isinstance(new, str) for new in declared.values()):
        raise SettingsError(f"{_MOVED} in {path.name} is no table of new ids by old ids")
    return dict(declared)


def written(root: Path | None, *names: str) -> tuple[dict[str, Any], str]:
    """Return some of a repository's settings as they are written, and the name of the file; that is empty without one.

    Raises:
        SettingsError: the file cannot be read.
    """
    table, path = _found(root) or ({}, Path())
    return {name: table[name] for name in names if name in table}, path.name


def _found(root: Path | None) -> tuple[dict[str, Any], Path] | None:
    """Return the settings of a repository with the file that holds them."""
    for file, section in (("dagserial.toml", ()), ("pyproject.toml", ("tool", "dagserial"))):
        path = root / file if root else None
        if path is not None and path.is_file():
            table = _table(path, section)
            if table is not None:
                return table, path
    return None


def _table(path: Path, section: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}") from error
    for name in section:
        table = table.get(name)
        if table is None:
            return None
    if not isinstance(table, dict):
        raise SettingsError(f"{'.'.join(section)} in {path.name} is no table")
    return table


def _fields(table: Mapping[str, Any], path: Path) -> dict[str, Any]:
    table = {name: value for name, value in table.items() if name not in _APART}
    env_file = table.pop(_ENV_FILE, None)
    if unknown := sorted(table.keys() - _FIELDS.keys()):
        known = ", ".join(sorted([*_FIELDS, *_APART, _ENV_FILE]))
        raise SettingsError(f"{path.name} has the unknown setting {unknown[0]!r}; known are {known}")
    fields = {_FIELDS[name]: value for name, value in table.items()}
    for name, load in (("variables", load_variables), ("connections", load_connections)):
        if isinstance(fields.get(name), str):
            fields[name] = load(path.parent / fields[name])
        elif name in fields:
            fields[name] = _LOADED[name](fields[name], f"{name} in {path.name}")
    if env_file is not None:
        if not isinstance(env_file, str) or not isinstance(fields.get("env", {}), dict):
            raise SettingsError(f"env-file in {path.name} is no file name, or env no table")
        fields["env"] = load_environment(path.parent / env_file) | fields.get("env", {})
    return fields


def load_variables(path: Path) -> dict[str, str]:
    """Read Variables as `airflow variables export` writes them: JSON or YAML, one object by key.

    Raises:
        SettingsError: the file cannot be read, or holds something else.
    """
    return _as_variables(_load(path), path.name)


def load_connections(path: Path) -> dict[str, Any]:
    """Read Connections as `airflow connections export` writes them: JSON or YAML of URIs or objects, or `id=URI` lines.

    Raises:
        SettingsError: the file cannot be read, or holds something else.
    """
    return _as_connections(_load(path), path.name)


def load_environment(path: Path) -> dict[str, str]:
    """Read environment variables: `NAME=VALUE` lines, `export` before and quotes around allowed, `#` for comments.

    Raises:
        SettingsError: the file cannot be read, or holds another line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(line)
        if assignment is None:
            raise SettingsError(f"{path.name}:{number} is no NAME=VALUE line")
        found[assignment[1]] = _unquoted(assignment[2])
    return found


def _unquoted(value: str) -> str:
    """Return a value without its quotes, or without the comment behind it; `\\n` within double quotes is a new line."""
    quote = value[:1]
    if quote in ("'", '"') and (end := value.find(quote, 1)) > 0:
        inner = value[1:end]
        return inner.replace("\\n", "\n") if quote == '"' else inner
    return value.partition(" #")[0].rstrip()


def from_environment(prefix: str) -> dict[str, str]:
    """Return the variables of this process that begin with a prefix, their keys without it and in lower case."""
    return {name[len(prefix) :].lower(): value for name, value in os.environ.items() if name.startswith(prefix)}


def _load(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    if path.suffix == ".env":
        pairs = (line.partition("=") for line in text.splitlines() if line.strip() and not line.startswith("#"))
        return {name.strip(): value.strip() for name, _, value in pairs}
    try:
        return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise SettingsError(f"{path} is neither JSON nor YAML: {' '.join(str(error).split())}") from None


def _as_variables(loaded: Any, where: str) -> dict[str, str]:
    if not isinstance(loaded, dict):
        raise SettingsError(f"{where} is no object of Variables by key")
    plain = {str(key): value.get("value") if _is_described(value) else value for key, value in loaded.items()}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in plain.items()}


def _is_described(value: Any) -> bool:
    """Tell whether a Variable was exported with its description (Airflow 2.10 and later)."""
    return isinstance(value, dict) and "value" in value and value.keys() <= {"value", "description", "team_name"}


def _as_connections(loaded: Any, where: str) -> dict[str, Any]:
    if not isinstance(loaded, dict) or not all(isinstance(value, str | dict) for value in loaded.values()):
        raise SettingsError(f"{where} is no object of Connections by id, each a URI or an object")
    return {str(key): value for key, value in loaded.items()}


_LOADED: dict[str, Callable[[Any, str], Any]] = {"variables": _as_variables, "connections": _as_connections}


def read_options(fields: Mapping[str, Any]) -> ReadOptions:
    """Return the options that settings and flags make, checked.

    Raises:
        SettingsError: a value is of the wrong kind.
    """
    try:
        options = msgspec.convert(dict(fields), ReadOptions)
    except msgspec.ValidationError as error:
        raise SettingsError(f"a setting is wrong: {error}") from None
    if options.ignore_syntax not in ("auto", "glob", "regexp"):
        raise SettingsError(f"ignore-syntax is {options.ignore_syntax!r}; it may be auto, glob or regexp")
    if min(options.timeout, options.memory_mib, options.max_value_bytes, options.jobs) <= 0:
        raise SettingsError("timeout, memory-mib, max-value-bytes and jobs must be greater than 0")
    return options
