"""Talk to one `git cat-file --batch` or `--batch-check`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from io import BufferedReader, FileIO
from subprocess import Popen
from typing import BinaryIO, NamedTuple, cast

from dagserial.errors import RepositoryError
from dagserial.history.repository import Repository

_BUFFER = 128 * 1024
_MOST_DIAGNOSTICS = 64 * 1024


class Header(NamedTuple):
    """What git says of an object before its content.

    Attributes:
        name: its id; what was asked for if it is missing.
        kind: `blob`, `tree`, `commit`, `tag` or `missing`.
    """

    name: bytes
    kind: bytes
    size: int


class Batch:
    """A running `git cat-file`: requests go in, answers come out in their order (git-cat-file(1), "BATCH OUTPUT").

    For one thread at a time.

    Raises:
        RepositoryError: git cannot be started.
    """

    def __init__(self, repository: Repository, mode: str) -> None:
        self._repository = repository
        self._owner = os.getpid()
        # GitPython kills the child when this goes, so it is kept.
        self._process = repository.start("cat-file", mode)
        child = cast("Popen[bytes]", self._process.proc)
        self._child = child
        self._requests = cast(BinaryIO, child.stdin).fileno()
        self._diagnostics = cast(BinaryIO, child.stderr).fileno()
        os.set_blocking(self._diagnostics, False)
        output = FileIO(cast(BinaryIO, child.stdout).fileno(), closefd=False)
        self._answers = BufferedReader(output, _BUFFER)
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
            raise self._ended() from error

    def header(self) -> Header:
        """Read the next answer up to its content.

        Raises:
            RepositoryError: git has ended, over a damaged object or one that it cannot fetch.
        """
        words = self._answers.readline().split(b" ")
        if len(words) == 3:
            return Header(words[0], words[1], int(words[2]))
        if len(words) == 2 and words[1] == b"missing\n":
            return Header(words[0], b"missing", 0)
        raise self._ended()

    def content(self, size: int) -> bytes:
        """Read the content that follows a header of `--batch`.

        Raises:
            RepositoryError: git has ended before all of it.
        """
        content = self._answers.read(size)
        if self._answers.read(1) != b"\n":
            raise self._ended()
        return content

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

    def _ended(self) -> RepositoryError:
        # Its pipes close when it is about to end, with all said; or else it makes no sense.
        self._child.kill()
        self._child.wait()
        self._listen()
        return self._repository.failure(self._said.decode(errors="replace"))
