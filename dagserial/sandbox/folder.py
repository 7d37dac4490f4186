"""Lend a private folder, and remove it whatever was left in it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

PROGRAMS = "/usr/bin:/bin"
"""Where the system's own programs are (PATH)."""


@contextmanager
def private_folder() -> Iterator[str]:
    """Lend a new folder with mode 0700, without symbolic links in its path; it is gone afterwards.

    To be left when nothing writes to it any more.
    """
    folder = os.path.realpath(tempfile.mkdtemp(prefix="dagserial-"))
    try:
        yield folder
    finally:
        _remove(folder)


def empty(folder: str) -> None:
    """Remove what was left in a folder; to be called when nothing writes to it any more."""
    with os.scandir(folder) as entries:
        left = [entry.path for entry in entries]
    for path in left:
        if os.path.isdir(path) and not os.path.islink(path):
            _remove(path)
        else:
            os.unlink(path)


def _remove(folder: str) -> None:
    try:
        shutil.rmtree(folder)
    except (OSError, RecursionError):
        # Folders without permissions, or nested by the thousand. These programs do not follow symbolic links, as
        # tempfile.TemporaryDirectory may (CVE-2023-6597).
        for command in (["chmod", "-R", "u+rwx"], ["rm", "-rf"]):
            subprocess.run(
                [*command, "--", folder],
                env={"PATH": PROGRAMS},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
