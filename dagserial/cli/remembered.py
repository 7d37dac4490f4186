"""Open the repository that a command reads, with what earlier commands remember of its DAG files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from dagserial.history import History, Memo
from dagserial.history.cluster import cluster

_MIB = 1024 * 1024


@contextmanager
def opened(flags: dict[str, Any]) -> Iterator[History]:
    """Open the repository of `--repo`; its DAG files run where `--executor` says.

    Args:
        flags: those of `reading_flags`.

    Raises:
        RepositoryError: as for `History`.
        SettingsError: the executor is of no use.
    """
    with ExitStack() as stack:
        memo = stack.enter_context(memo_of(flags))
        elsewhere: dict[str, Any] = {}
        if flags["executor"]:
            workers = stack.enter_context(cluster(flags["executor"]))
            elsewhere = {"executor": workers.executor, "workers": workers.most, "bundled": not flags["shared_path"]}
        yield stack.enter_context(History(flags["repo"], memo=memo, **elsewhere))


def memo_of(flags: dict[str, Any]) -> Memo:
    """Return what is remembered, to be closed; nothing is, and nothing will be, with `--no-cache`."""
    folder = None if flags["no_cache"] else cache_folder()
    return Memo(folder) if flags["cache_mib"] is None else Memo(folder, most_bytes=flags["cache_mib"] * _MIB)


def cache_folder() -> Path | None:
    """Return the folder of the cache, there or not: `dagserial` in XDG_CACHE_HOME, which is `~/.cache` if not set.

    None if there can be none, as nobody knows the home folder. A path that is not absolute counts as not set (XDG Base
    Directory Specification).
    """
    wanted = Path(os.environ.get("XDG_CACHE_HOME", ""))
    home = Path(os.path.expanduser("~"))
    above = wanted if wanted.is_absolute() else home / ".cache"
    return above / "dagserial" if above.is_absolute() else None
