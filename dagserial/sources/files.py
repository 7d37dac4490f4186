"""Read the DAG files of a tree: the stand-in in the sandbox, neither Airflow nor any requirement installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from dagserial import sandbox
from dagserial.errors import SandboxError, SettingsError
from dagserial.sources.child import FileResult, Request
from dagserial.sources.find import dag_files, dag_folders
from dagserial.sources.reading import FileError, Parsed, Reading, ReadOptions, Reads
from dagserial.sources.tree import OnDisk, Tree

_T = TypeVar("_T")

_CHILD = "dagserial.sources.child"
_RELAY = "dagserial.sources.relay"
_DAGS_FOLDER = "AIRFLOW__CORE__DAGS_FOLDER"
_HOME = "/home/airflow"
"""The home folder that DAG files see; the sandbox's own has another name each time."""


class Found(msgspec.Struct, frozen=True):
    """The DAG files of a tree.

    Attributes:
        folders: the DAG folders, from the top of the tree.
        files: the DAG files in them, from the top of the tree, sorted.
        misnamed: results of files whose names have no text; those are not read.
    """

    folders: list[str]
    files: list[str]
    misnamed: list[FileResult]


def read(root: Path, options: ReadOptions) -> Reading:
    """Return the DAGs of a tree and the files that gave none, by dag_id and by file.

    DAG files run in the sandbox, each in a process of its own; nothing of the tree is written.

    Raises:
        SettingsError: an option names something outside of the tree.
        SandboxError: the child interpreter failed as a whole.
    """
    dags = found(OnDisk(root.resolve()), options)
    with Runs() as runs:
        return reading([*runs.results(root, dags.folders, dags.files, options), *dags.misnamed])


def found(tree: Tree, options: ReadOptions) -> Found:
    """Return the DAG files of a tree; nothing of it runs.

    Raises:
        SettingsError: an option names something outside of the tree.
    """
    _check(tree, options)
    folders = dag_folders(tree, options.dags)
    files = sorted({file for folder in folders for file in dag_files(tree, folder, options.ignore_syntax)})
    misnamed = [_misnamed(file) for file in files if not _is_text(file)]
    return Found(folders, [file for file in files if _is_text(file)], misnamed)


def read_contents(root: Path, contents: Sequence[tuple[str, bytes]], options: ReadOptions) -> list[Reading]:
    """Return the DAGs that files would declare if they held other contents; one reading each.

    The rest of the tree is as it lies there. A file need not exist; each is read by itself, and twice if it is there
    twice. They are read through the stand-in, whatever the options say: an Airflow reads only what lies in a folder.

    Args:
        contents: path from the top of the tree, and what it holds.

    Raises:
        SettingsError, SandboxError: as for `read`.
    """
    tree = OnDisk(root.resolve())
    _check(tree, options)
    folders = dag_folders(tree, options.dags)
    options = msgspec.structs.replace(options, python="")
    files, bodies = [file for file, _ in contents], [body for _, body in contents]
    with Runs() as runs:
        return [reading([result]) for result in runs.results(root, folders, files, options, bodies)]


class Runs:
    """DAG files run in a sandbox that stays open, as starting it takes longer than a file does. For one thread.

    A context manager; whoever opens it closes it.
    """

    def __init__(self) -> None:
        self._session: sandbox.Session | None = None
        self._kind: tuple[str, dict[str, str]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the sandbox."""
        if self._session is not None:
            self._session.close()
        self._session = None

    def end(self) -> None:
        """End the sandbox now, also while another thread waits for its results; to be closed all the same."""
        if self._session is not None:
            self._session.end()

    def results(
        self, root: Path, folders: list[str], files: list[str], options: ReadOptions, contents: Sequence[bytes] = ()
    ) -> list[FileResult]:
        """Run DAG files of a tree; one result a file, in their order. Without files, nothing is started.

        Args:
            folders: the DAG folders, as `found` has them.
            files: DAG files from the top of the tree.
            contents: what each of the files holds, where that is not what lies in the tree; empty if all lie there.

        Raises:
            SettingsError: the interpreter that the options name is of no use.
            SandboxError: the child interpreter failed as a whole.
        """
        if not files:
            return []
        root = root.resolve()
        request = _request(root, folders, files, options, contents)
        env = {"AIRFLOW_HOME": str(root), "HOME": _HOME, _DAGS_FOLDER: request.settings[0][2]} | options.env
        session = self._opened(_RELAY if options.python else _CHILD, env)
        try:
            answer = session.ask(msgspec.msgpack.encode(request), request.limits)
        except SandboxError:
            self.close()
            raise
        answered = msgspec.msgpack.decode(answer, type=list[FileResult] | str)
        if isinstance(answered, str):
            raise SettingsError(answered)
        return answered

    def _opened(self, module: str, env: dict[str, str]) -> sandbox.Session:
        if self._session is None or self._kind != (module, env):
            self.close()
            self._session, self._kind = sandbox.Session(module, env=env), (module, env)
        return self._session


def _request(
    root: Path, folders: list[str], files: list[str], options: ReadOptions, contents: Sequence[bytes]
) -> Request:
    first = next((folder for folder in folders if (root / folder).is_dir()), ".")
    overall = options.timeout * (len(files) / options.jobs + 1) + 60
    return Request(
        root=str(root),
        files=files,
        roots=import_roots(root, folders, options.paths),
        dag_folders=[str((root / folder).resolve()) for folder in folders],
        settings=[("core", "dags_folder", str((root / first).resolve()))],
        limits=sandbox.Limits(
            timeout=options.timeout, memory_mib=options.memory_mib, jobs=options.jobs, overall=overall
        ),
        options=msgspec.structs.replace(options, python=_absolute(options.python)),
        contents=list(contents),
        asked=list(map(str, [*(root / folder for folder in folders), *_asked(root, folders, options.paths)])),
    )


def _absolute(python: str) -> str:
    """Return an interpreter's path as it is from every folder; a name alone is looked up on PATH."""
    return os.path.abspath(python) if os.sep in python else python


def _check(tree: Tree, options: ReadOptions) -> None:
    """Refuse folders that lie outside of the tree, and packages that are not installed, by the names of their flags."""
    for flag, folders in (("--root", options.roots), ("--package", options.packages)):
        for name, folder in folders.items():
            if tree.real(folder) is None:
                raise SettingsError(f"{flag} {name}={folder} lies outside of the repository")
    for name in options.imports:
        if not _is_installed(name):
            raise SettingsError(
                f"--import {name}: no package of that name is installed for {sys.executable}; install it there"
            )


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name.partition(".")[0]) is not None
    except (ImportError, ValueError):
        return False


def _is_text(file: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in file)


def _misnamed(file: str) -> FileResult:
    """Return the result of a file whose name has no text: neither a record nor a report could name it."""
    name = os.fsencode(file).decode(errors="backslashreplace")
    return FileResult(error=FileError(name, None, "the file's name is not UTF-8"), reads=Reads())


def import_roots(root: Path, folders: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the folders from which DAG files import, absolute, first one first.

    DAG folders, `plugins` and `config` beside them (Airflow, "Modules Management"), the configured paths, and what many
    deployments put on PYTHONPATH: the folders that hold the DAG folders, and the top of the tree.
    """
    inside = (path.resolve() for path in _asked(root, folders, paths) if path.is_dir())
    return list(dict.fromkeys(str(path) for path in inside if path.is_relative_to(root)))


def _asked(root: Path, folders: Iterable[str], paths: Iterable[str]) -> list[Path]:
    """Return the folders from which DAG files import if they are there, first one first."""
    tops = [top.parent if top.is_file() else top for top in (root / folder for folder in folders)]
    around = [top.parent for top in tops]
    return [
        *(folder for top in tops for folder in (top, top.parent / "plugins", top.parent / "config")),
        root / "plugins",
        *(root / path for path in paths),
        *(folder for folder in around if folder != root),
        root,
    ]


def reading(results: list[FileResult]) -> Reading:
    """Put the files' results together; a dag_id that two files declare belongs to one of them."""
    errors = [result.error for result in results if result.error is not None]
    parsed, doubled = one_each(
        [parsed for result in results for parsed in result.parsed],
        lambda parsed: (parsed.dag.dag_id, parsed.provenance.file, parsed.provenance.line),
        _same,
    )
    return Reading(tuple(parsed), tuple(sorted([*errors, *doubled], key=by_file)))


def one_each(
    declared: Iterable[_T], place: Callable[[_T], tuple[str, str, int]], same: Callable[[_T, _T], bool]
) -> tuple[list[_T], list[FileError]]:
    """Return one declaration for each dag_id, the first, by dag_id; and an error for each other that says otherwise.

    Args:
        place: dag_id, file and line of a declaration.
        same: whether two declarations mean the same.
    """
    owners: dict[str, _T] = {}
    errors = []
    for one in declared:
        dag_id, file, line = place(one)
        owner = owners.setdefault(dag_id, one)
        if owner is not one and not same(owner, one):
            _, first, at = place(owner)
            errors.append(FileError(file, line, f"dag_id {dag_id!r} is declared in {first}:{at} already"))
    return [owners[dag_id] for dag_id in sorted(owners)], errors


def _same(one: Parsed, other: Parsed) -> bool:
    encode = msgspec.msgpack.Encoder(order="deterministic").encode
    return encode(one.dag) == encode(other.dag)


def by_file(error: FileError) -> tuple[str, int, str]:
    """Return what errors of files are sorted by: file, line, text."""
    return (error.file, error.line or 0, error.error)
