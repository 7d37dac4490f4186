"""Take the flags that say how DAG files are read, and join them with the repository's settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dagserial.cli.settings import (
    from_environment,
    load_connections,
    load_environment,
    load_variables,
    read_options,
    settings,
)
from dagserial.errors import SettingsError
from dagserial.sources.reading import ReadOptions

if TYPE_CHECKING:
    from dagserial.history import History

_FILE = click.Path(path_type=Path)


def _limit(
    name: str, kind: type | click.IntRange, metavar: str, text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    variable = "DAGSERIAL_" + name.removeprefix("--").replace("-", "_").upper()
    return click.option(name, type=kind, metavar=metavar, envvar=variable, help=text)


_TREE_FLAGS = (
    click.option("--repo", default=".", metavar="DIR", envvar="DAGSERIAL_REPO", help="A folder of the repository."),
    click.option("--dags", multiple=True, metavar="PATH", help="A DAG folder or file of the tree; repeatable."),
    click.option(
        "--no-cache", is_flag=True, envvar="DAGSERIAL_NO_CACHE", help="Remember nothing, and go by nothing remembered."
    ),
    _limit("--cache-mib", click.IntRange(0), "MIB", "What the cache may take on disk, 1024."),
    _limit("--executor", str, "URL", "Read the DAG files of commits on a Dask cluster, dask://HOST:PORT."),
    click.option(
        "--shared-path",
        is_flag=True,
        envvar="DAGSERIAL_SHARED_PATH",
        help="The cluster has the repository at the same path; it is sent there as a bundle otherwise.",
    ),
)
_FILE_FLAGS = (
    click.option("--path", "paths", multiple=True, metavar="PATH", help="A further import root; repeatable."),
    click.option("--variables", type=_FILE, metavar="FILE", help="Variables, as `airflow variables export` has them."),
    click.option("--connections", type=_FILE, metavar="FILE", help="The same from `airflow connections export`."),
    click.option("--env", multiple=True, metavar="NAME=VALUE", help="Environment that DAG files see; repeatable."),
    click.option("--env-file", type=_FILE, metavar="FILE", help="The same as NAME=VALUE lines; --env wins."),
    click.option(
        "--root", multiple=True, metavar="PATH=DIR", help="DIR of the tree is PATH when deployed; repeatable."
    ),
    click.option("--package", multiple=True, metavar="NAME=DIR", help="DIR is importable as NAME; repeatable."),
    click.option("--import", "imports", multiple=True, metavar="NAME", help="Import NAME as installed; repeatable."),
    click.option("--no-code", is_flag=True, envvar="DAGSERIAL_NO_CODE", help="No digests of functions and classes."),
    _limit("--python", str, "PATH", "Read with the Airflow of this interpreter."),
    _limit("--airflow-version", str, "X.Y.Z", "What airflow.__version__ says."),
    _limit("--timeout", float, "SECONDS", "Time one DAG file may take, 30."),
    _limit("--memory-mib", int, "MIB", "Memory one DAG file may take, 1024."),
    _limit("--max-value-bytes", int, "BYTES", "What one value may take in a record, 1048576."),
    _limit("--jobs", int, "N", "DAG files read at once; as many as processors."),
    click.option(
        "--strict", is_flag=True, envvar="DAGSERIAL_STRICT", help="Refuse values without a deterministic form."
    ),
)


def reading_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say which DAG files are read and how; the command gets them as keyword arguments."""
    return _with(_TREE_FLAGS, file_flags(command))


def file_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say how DAG files are read, for a command that is told which."""
    return _with(_FILE_FLAGS, command)


def _with(flags: Sequence[Callable[..., Any]], command: Callable[..., Any]) -> Callable[..., Any]:
    for flag in reversed(flags):
        command = flag(command)
    return command


def options_of(history: History, flags: dict[str, Any]) -> ReadOptions:
    """Return the options that hold: flags, then the repository's settings, then AIRFLOW_VAR_* and AIRFLOW_CONN_*.

    Raises:
        SettingsError: a flag, the settings or a file they name is wrong.
    """
    return options_at(history.root, flags)


def options_at(root: Path | None, flags: dict[str, Any]) -> ReadOptions:
    """Return the options that hold for the tree at `root`, as `options_of` does for a repository's."""
    fields = {"jobs": os.cpu_count() or 2} | settings(root)
    for name in ("dags", "paths", "imports"):
        fields[name] = flags.get(name) or fields.get(name, ())
    for name in ("python", "airflow_version", "timeout", "memory_mib", "max_value_bytes", "jobs"):
        if flags[name] is not None:
            fields[name] = flags[name]
    if flags["strict"]:
        fields["strict"] = True
    if flags["no_code"]:
        fields["code"] = False
    given = {
        "variables": load_variables(flags["variables"]) if flags["variables"] else {},
        "connections": load_connections(flags["connections"]) if flags["connections"] else {},
        "env": {
            **(load_environment(flags["env_file"]) if flags["env_file"] else {}),
            **pairs("--env NAME=VALUE", flags["env"]),
        },
        "roots": pairs("--root PATH=DIR", flags["root"]),
        "packages": pairs("--package NAME=DIR", flags["package"]),
    }
    surrounding = {"variables": from_environment("AIRFLOW_VAR_"), "connections": from_environment("AIRFLOW_CONN_")}
    for name, own in given.items():
        fields[name] = {**surrounding.get(name, {}), **fields.get(name, {}), **own}
    return read_options(fields)


def pairs(usage: str, texts: Sequence[str]) -> dict[str, str]:
    """Return the values of a repeated flag by name.

    Args:
        usage: the flag and what it takes.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SettingsError(f"{usage.replace(' ', ' takes ', 1)}, not {text!r}")
        pairs[name] = value
    return pairs
