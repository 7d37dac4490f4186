"""Read the DAG files of a tree: the stand-in in the sandbox, neither Airflow nor any requirement installed."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from dagserial import sandbox
from dagserial.errors import SettingsError
from dagserial.sources.child import FileResult, Request
from dagserial.sources.find import dag_files, dag_folders
from dagserial.sources.reading import FileError, Parsed, Reading, ReadOptions, Reads

_CHILD = "dagserial.sources.child"
_RELAY = "dagserial.sources.relay"
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
    dags = found(root, options)
    return reading([*results(root, dags.folders, dags.files, [], options), *dags.misnamed])


def found(root: Path, options: ReadOptions) -> Found:
    """Return the DAG files of a tree; nothing of it runs.

    Raises:
        SettingsError: an option names something outside of the tree.
    """
    root = root.resolve()
    folders = dag_folders(root, options.dags)
    files = sorted({file for folder in folders for file in dag_files(root, folder, options.ignore_syntax)})
    _check(root, options)
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
    root = root.resolve()
    folders = dag_folders(root, options.dags)
    _check(root, options)
    options = msgspec.structs.replace(options, python="")
    files, bodies = [file for file, _ in contents], [body for _, body in contents]
    return [reading([result]) for result in results(root, folders, files, bodies, options)]


def results(
    root: Path, folders: list[str], files: list[str], contents: list[bytes], options: ReadOptions
) -> list[FileResult]:
    """Run DAG files in the sandbox; one result a file, in their order. Without files, nothing is started.

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
    first = next((folder for folder in folders if (root / folder).is_dir()), ".")
    dags_folder = str((root / first).resolve())
    limits = sandbox.Limits(
        timeout=options.timeout,
        memory_mib=options.memory_mib,
        jobs=options.jobs,
        overall=options.timeout * (len(files) / options.jobs + 1) + 60,
    )
    request = Request(
        root=str(root),
        files=files,
        roots=import_roots(root, folders, options.paths),
        dag_folders=[str((root / folder).resolve()) for folder in folders],
        settings=[("core", "dags_folder", dags_folder)],
        limits=limits,
        options=msgspec.structs.replace(options, python=_absolute(options.python)),
        contents=contents,
        asked=list(map(str, [*(root / folder for folder in folders), *_asked(root, folders, options.paths)])),
    )
    env = {"AIRFLOW_HOME": str(root), "AIRFLOW__CORE__DAGS_FOLDER": dags_folder, "HOME": _HOME} | options.env
    answer = sandbox.run(_RELAY if options.python else _CHILD, msgspec.msgpack.encode(request), limits=limits, env=env)
    answered = msgspec.msgpack.decode(answer, type=list[FileResult] | str)
    if isinstance(answered, str):
        raise SettingsError(answered)
    return answered


def _absolute(python: str) -> str:
    """Return an interpreter's path as it is from every folder; a name alone is looked up on PATH."""
    return os.path.abspath(python) if os.sep in python else python


def _check(root: Path, options: ReadOptions) -> None:
    """Refuse folders that lie outside of the tree, and packages that are not installed, by the names of their flags."""
    for flag, folders in (("--root", options.roots), ("--package", options.packages)):
        for name, folder in folders.items():
            if not (root / folder).resolve().is_relative_to(root):
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
    owners: dict[str, Parsed] = {}
    for parsed in (parsed for result in results for parsed in result.parsed):
        owner = owners.setdefault(parsed.dag.dag_id, parsed)
        if owner is not parsed and not _same(owner, parsed):
            first, second = owner.provenance, parsed.provenance
            message = f"dag_id {parsed.dag.dag_id!r} is declared in {first.file}:{first.line} already"
            errors.append(FileError(second.file, second.line, message))
    return Reading(tuple(owners[dag_id] for dag_id in sorted(owners)), tuple(sorted(errors, key=_by_file)))


def _same(one: Parsed, other: Parsed) -> bool:
    encode = msgspec.msgpack.Encoder(order="deterministic").encode
    return encode(one.dag) == encode(other.dag)


def _by_file(error: FileError) -> tuple[str, int, str]:
    return (error.file, error.line or 0, error.error)
