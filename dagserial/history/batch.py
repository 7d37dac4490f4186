"""Talk to one `git cat-file --batch` or `--batch-check`."""

from __future__ import annotations

from typing import NamedTuple

from dagserial.history.process import GitProcess
from dagserial.history.repository import Repository


class Header(NamedTuple):
    """What git says of an object before its content.

    Attributes:
        name: its id; what was asked for if it is missing.
        kind: `blob`, `tree`, `commit`, `tag` or `missing`.
    """

    name: bytes
    kind: bytes
    size: int


class Batch(GitProcess):
    """A running `git cat-file`: names go in, objects come out (git-cat-file(1), "BATCH OUTPUT")."""

    def __init__(self, repository: Repository, mode: str) -> None:
        super().__init__(repository, "cat-file", mode)

    def header(self) -> Header:
        """Read the next answer up to its content.

        Raises:
            RepositoryError: git has ended, over a damaged object or one that it cannot fetch.
        """
        words = self.answers.readline().split(b" ")
        if len(words) == 3:
            return Header(words[0], words[1], int(words[2]))
        if len(words) == 2 and words[1] == b"missing\n":
            return Header(words[0], b"missing", 0)
        raise self.ended()

    def content(self, size: int) -> bytes:
        """Read the content that follows a header of `--batch`.

        Raises:
            RepositoryError: git has ended before all of it.
        """
        content = self.answers.read(size)
        if self.answers.read(1) != b"\n":
            raise self.ended()
        return content
