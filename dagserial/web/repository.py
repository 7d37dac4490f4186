"""Read the Git repository that is served beside the store, if there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dagserial.history import History


@dataclass(frozen=True)
class ServedRepository:
    """A Git repository, which is only read.

    Attributes:
        parse: whether DAG files may be read, in the sandbox; else refs are served without their records.
    """

    folder: Path
    parse: bool = False

    @contextmanager
    def opened(self) -> Iterator[History]:
        """Open it for one request."""
        with History(self.folder) as history:
            yield history
