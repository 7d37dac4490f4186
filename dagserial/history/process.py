"""Talk to a git process that answers requests while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader, FileIO
from subprocess import Popen
from typing import BinaryIO, cast

from dagserial.errors import RepositoryError
from dagserial.history.repository import Repository

_BUFFER = 128 * 1024
_MOST_DIAGNOSTICS = 64 * 1024


class GitProcess:
    """A running git command: requests go in as lines, answers come out in their order. For one thread at a time.

    Raises:
        RepositoryError: git cannot be started.
    """

    def __init__(self, repository: Repository, *arguments: str) -> None:
        self._repository = repository
        self._owner = os.getpid()
        # GitPython kills the child when this goes, so it is kept.
        self._process = repository.start(*arguments)
        child = cast("Popen[bytes]", self._process.proc)
        self._child = child
        self._requests = cast(BinaryIO, child.stdin).fileno()
        self._diagnostics = cast(BinaryIO, child.stderr).fileno()
        os.set_blocking(self._diagnostics, False)
        output = FileIO(cast(BinaryIO, child.stdout).fileno(), closefd=False)
        self.answers = BufferedReader(output, _BUFFER)
        self._said = b""

    def is_usable(self) -> bool:
        """Tell whether it still runs, and for this process: a fork must not read what its parent asked for."""
        return self._owner == os.getpid() and self._child.poll() is None

    def ask(self, names: Iterable[bytes]) -> None:
        """Send requests, which together fit into a pipe.

        Raises:
            RepositoryError: git has ended.
        """
        self._listen()
        try:
            os.write(self._requests, b"".join([name + b"\n" for name in names]))
        except OSError as error:
            raise self.ended() from error

    def close(self) -> None:
        """End it, wherever it stands; a fork only lets go of it."""
        child = self._child
        if self._owner == os.getpid():
            with child:
                child.kill()
        else:
            for pipe in filter(None, (child.stdin, child.stdout, child.stderr)):
                pipe.close()

    def _listen(self) -> None:
        """Take what git has to say, so that it never waits to say it; the last of it is kept."""
        with suppress(BlockingIOError):
            self._said = (self._said + os.read(self._diagnostics, _MOST_DIAGNOSTICS))[-_MOST_DIAGNOSTICS:]

    def ended(self) -> RepositoryError:
        """Return the error for an answer that does not come, or makes no sense."""
        # Its pipes close when it is about to end, with all said; or else it makes no sense.
        self._child.kill()
        self._child.wait()
        self._listen()
        return self._repository.failure(self._said.decode(errors="replace"))
