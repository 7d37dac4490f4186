"""Run git on a repository so that it can only read.

No command here writes, fetches, takes a lock, runs a hook or a filter, or asks anything of anybody.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Self

from dagserial.errors import RepositoryError

if TYPE_CHECKING:
    from git import Git

_ENVIRONMENT = {
    # What GIT_NO_LAZY_FETCH says to git 2.44 and newer; without a protocol, older ones cannot fetch either.
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
_GUARDS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")

_PLACES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)
"""Variables that say where a repository is (`git rev-parse --local-env-vars`, without the settings among them)."""


class Repository:
    """A Git repository, open for reading.

    `.` is what git takes for the repository here: inside of a Git hook, that which GIT_DIR and its kin name, with the
    objects that a push has brought but not yet made known. Any other folder stands for itself, whatever they say.

    Attributes:
        folder: as it was given, absolute.
        root: top of the work tree; None if there is none, as in a bare repository.

    Raises:
        RepositoryError: the folder is in no repository, git refuses to read it, or git is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        place = Path(folder)
        self._own_place = place != Path(".")
        self.folder = _absolute(place)
        self._git, self._not_found = _git_python()
        self.root: Path | None = None
        if self._ask("rev-parse", "--is-inside-work-tree") == b"true\n":
            self.root = Path(os.fsdecode(self._ask("rev-parse", "--show-toplevel").removesuffix(b"\n")))

    def __str__(self) -> str:
        """Return what messages call the repository: its folder."""
        return repr(str(self.root or self.folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what GitPython may have left running."""
        self._git.clear_cache()

    def run(self, *arguments: str) -> tuple[int, bytes, str]:
        """Return exit status, output and diagnostics of a git command that only reads.

        Raises:
            RepositoryError: git cannot be started.
        """
        try:
            status, output, diagnostics = self._git.execute(
                self._command(arguments),
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
                env=_ENVIRONMENT,
            )
        except (self._not_found, OSError) as error:
            raise _not_runnable(error) from error
        return status, output, diagnostics

    def files_in_place(self) -> list[bytes]:
        """Return what Git tracks or would add, links and submodules too, from the top; it may be gone from the disk.

        Raises:
            RepositoryError: git cannot tell.
        """
        names = self._ask("ls-files", "-z", "--full-name", "--cached", "--others", "--exclude-standard", "--", ":/")
        return names.split(b"\0")[:-1]

    def is_changed(self) -> bool:
        """Tell whether index or work tree hold anything but HEAD; files that Git ignores are nothing.

        No filter is run, so that a file whose times changed counts as changed if one applies to it.
        """
        _, names, _ = self.run("config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
        off = [
            word
            for name in os.fsdecode(names).split("\0")[:-1]
            for word in ("-c", f"{name}={'false' if name.endswith('.required') else ''}")
        ]
        status, output, _ = self.run(*off, "status", "--porcelain")
        return bool(status or output)

    def start(self, *arguments: str) -> Git.AutoInterrupt:
        """Start a git command that only reads, to be written to and read from; it ends when what is returned goes.

        It has a session of its own, so that Ctrl-C reaches the caller alone, who then ends it.

        Raises:
            RepositoryError: git cannot be started.
        """
        try:
            return self._git.execute(
                self._command(arguments), istream=PIPE, as_process=True, env=_ENVIRONMENT, start_new_session=True
            )
        except (self._not_found, OSError) as error:
            raise _not_runnable(error) from error

    def _ask(self, *arguments: str) -> bytes:
        status, output, diagnostics = self.run(*arguments)
        if status:
            raise self.failure(diagnostics)
        return output

    def _command(self, arguments: Iterable[str]) -> list[str]:
        """Return the words of a git command.

        GitPython hands the whole environment on and quietly changes to the current folder if it may not enter its own;
        hence `env -u` and `-C`.
        """
        unset = [word for name in _PLACES if self._own_place and name in os.environ for word in ("-u", name)]
        executable = str(self._git.GIT_PYTHON_GIT_EXECUTABLE or "git")
        return [*(["env", *unset] if unset else []), executable, *_GUARDS, "-C", str(self.folder), *arguments]

    def failure(self, diagnostics: str) -> RepositoryError:
        """Return the error for a git command that failed, by what git said."""
        if "dubious ownership" in diagnostics or "unsafe repository" in diagnostics:
            found = re.search(r"safe\.directory (.+)$", diagnostics, re.MULTILINE)
            folder = found[1] if found else str(self.folder)
            command = f"git config --global --add safe.directory {folder}"
            return RepositoryError(
                f"{self} belongs to another user, so git does not trust it; if you do, run `{command}`"
            )
        if "not a git repository" in diagnostics:
            return RepositoryError(f"{self} is no Git repository, nor does it lie in one")
        if "promisor" in diagnostics:
            return self._is_cut_down()
        return RepositoryError(f"git cannot read {self}: {reason(diagnostics)}")

    @functools.cached_property
    def is_partial(self) -> bool:
        """Whether objects may be missing that a remote has promised (gitglossary(7), "promisor")."""
        return not self.run("config", "--get-regexp", r"^remote\..*\.promisor$")[0]

    def absent(self, trees: Iterable[str]) -> list[bytes]:
        """Return the ids of objects in trees that are not there.

        Raises:
            RepositoryError: git cannot tell.
        """
        found = self._ask("rev-list", "--objects", "--missing=print", "--no-object-names", *trees)
        return [line[1:] for line in found.split(b"\n") if line.startswith(b"?")]

    def lacks(self, missing: str) -> RepositoryError:
        """Return the error for an object that is not there: its kind and id."""
        if self.is_partial:
            return self._is_cut_down()
        return RepositoryError(f"git finds no {missing} in {self}; `git fsck` tells what the repository lacks")

    def _is_cut_down(self) -> RepositoryError:
        return RepositoryError(
            f"{self} is a partial clone that lacks files of this commit, and dagserial fetches nothing; "
            "run `git fetch --refetch --no-filter` first"
        )


def _absolute(place: Path) -> Path:
    try:
        if place.is_dir():
            return place.parent.absolute() if place.name == ".git" else place.absolute()
    except FileNotFoundError:
        # The current folder was removed.
        pass
    raise RepositoryError(f"there is no folder {str(place)!r}")


def reason(diagnostics: str) -> str:
    """Return the line of git's diagnostics that says what went wrong, without git's prefix."""
    lines = [line.strip() for line in diagnostics.splitlines() if line.strip()]
    for prefix in ("fatal: ", "error: "):
        for line in lines:
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return lines[-1] if lines else "git gives no reason"


def _not_runnable(error: Exception) -> RepositoryError:
    why = getattr(error, "strerror", None) or "it is not installed, or not on PATH"
    return RepositoryError(f"git cannot be run: {why}")


def _git_python() -> tuple[Git, type[Exception]]:
    """Return GitPython's door to git, and what it raises if git has gone."""
    try:
        # GitPython runs git when it is imported, and cannot be imported without it.
        from git import Git, GitCommandNotFound
    except ImportError as error:
        raise _not_runnable(error) from error
    return Git(), GitCommandNotFound
