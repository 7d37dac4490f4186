"""Say which parser reads, so that what another one read is not taken for its work."""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from pathlib import Path

import msgspec

from dagserial.sources.reading import ReadOptions

_WITHOUT_SAY = {"__pycache__", "cli", "diff", "store", "web"}
"""The folders of dagserial that have no say in what a DAG file gives."""

_DISTRIBUTION = (".dist-info", ".egg-info", ".egg-link", ".pth")


def parser_key(options: ReadOptions) -> bytes | None:
    """Return 32 bytes that stand for all that decides, beside the tree, what DAG files give; None if that is not known.

    That is dagserial's own code, the interpreter, what is installed for it, and the options but for those on time,
    memory and number of processes. What another interpreter would give (`python`) is not known, nor what packages would
    that are imported as they are installed (`imports`): their files may change at any time.
    """
    if options.python or options.imports:
        return None
    decisive = msgspec.structs.replace(options, timeout=1.0, memory_mib=1, jobs=1)
    text = msgspec.json.encode(decisive, order="deterministic")
    return hashlib.sha256(_own_key() + _installed_key() + text).digest()


@functools.cache
def _own_key() -> bytes:
    """Return what stands for the interpreter and the files of dagserial, which an edit gives another time or size."""
    top = str(Path(__file__).parents[1])
    found = [sys.version, sys.platform, os.uname().machine]
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _WITHOUT_SAY)
        for file in sorted(files):
            stat = os.stat(f"{folder}/{file}")
            found.append(f"{folder.removeprefix(top)}/{file} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(found).encode()).digest()


@functools.cache
def _installed_key() -> bytes:
    """Return what stands for the distributions that are installed: the names of their folders hold their versions."""
    names = [name for folder in sys.path if os.path.isdir(folder or ".") for name in sorted(os.listdir(folder or "."))]
    return hashlib.sha256("\n".join(name for name in names if name.endswith(_DISTRIBUTION)).encode()).digest()
