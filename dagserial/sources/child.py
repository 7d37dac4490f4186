"""Read DAG files inside the sandbox's child interpreter: the stand-in runs them, `live` reads what they declare."""

from __future__ import annotations

import errno
import os
import traceback

import msgspec

from dagserial import sandbox
from dagserial.errors import UnsupportedValueError
from dagserial.model import ValueWarning
from dagserial.model.names import canonical_name
from dagserial.model.value import EncodeType
from dagserial.sources import live, trace
from dagserial.sources.code import Code
from dagserial.sources.file import Files
from dagserial.sources.lacking import lacking
from dagserial.sources.reading import FileError, Parsed, Provenance, ReadOptions, Reads
from dagserial.sources.written import operators_as_written
from dagserial.standin import (
    NOTES,
    Decorated,
    DeployedPaths,
    Fields,
    Symbol,
    SymbolicBase,
    Text,
    decorated_value,
    fields_value,
    install,
    load,
    symbol_value,
    symbolic_base_value,
    text_value,
)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is to read.

    Attributes:
        files: DAG files from the top of the tree.
        roots: import roots, absolute.
        dag_folders: where the DAG files lie, absolute.
        options: as the caller has them; what the fields above say is taken from those.
        settings: Airflow configuration as (section, key, value).
        contents: what each of the files holds, where that is not what lies in the tree; empty if all lie there.
        asked: paths of the tree that decided on the fields above, absolute.
    """

    root: str
    files: list[str]
    roots: list[str]
    dag_folders: list[str]
    settings: list[tuple[str, str, str]]
    limits: sandbox.Limits
    options: ReadOptions
    contents: list[bytes] = []
    asked: list[str] = []


_SCARCE = {errno.EAGAIN, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC}
"""What system calls fail with where a limit is reached."""


class FileResult(msgspec.Struct, frozen=True):
    """What one DAG file gave: DAGs, or why it gave none.

    Attributes:
        reads: what of the tree that depends on; None if it cannot be told: on all of it.
        repeatable: a run on the same tree with the same options gives the same; not so where time, memory or another
            limit of the machine ended it.
    """

    parsed: list[Parsed] = []
    error: FileError | None = None
    reads: Reads | None = None
    repeatable: bool = True


_ENCODERS: dict[type, EncodeType] = {
    Decorated: decorated_value,
    Fields: fields_value,
    Symbol: symbol_value,
    SymbolicBase: symbolic_base_value,
    Text: text_value,
}


def main(body: bytes) -> bytes:
    """Answer a Request with one FileResult a file, in its order; both as msgpack."""
    request = msgspec.msgpack.decode(body, type=Request)
    install(
        request.root,
        request.roots,
        request.dag_folders,
        airflow_version=request.options.airflow_version,
        variables=request.options.variables,
        connections=request.options.connections,
        settings={(section, key): value for section, key, value in request.settings},
        deployed=deployed_folders(request),
        packages=package_folders(request),
        imports=request.options.imports,
    )
    canonical_name("airflow.DAG")  # reads the data once for all forks, before any DAG file can get in its way
    watch = trace.start(request.root, request.asked, DeployedPaths(deployed_folders(request)).in_tree)
    outcomes = sandbox.each(range(len(request.files)), lambda at: _answer(request, at, watch), request.limits)
    results = [
        msgspec.msgpack.decode(outcome.answer, type=FileResult)
        if outcome.answer is not None
        else FileResult(error=FileError(file, None, f"the file {outcome.failure}"), repeatable=False)
        for file, outcome in zip(request.files, outcomes, strict=True)
    ]
    return msgspec.msgpack.encode(results)


def _answer(request: Request, at: int, watch: trace.Trace) -> bytes:
    os.chdir(request.root)
    NOTES.start(request.root)
    watch.clear()
    result = _result(request, request.files[at], request.contents[at] if request.contents else None)
    known = watch.reads() if not request.options.imports else None  # installed packages may read files in C
    return msgspec.msgpack.encode(msgspec.structs.replace(result, reads=known))


def _result(request: Request, file: str, content: bytes | None) -> FileResult:
    try:
        return FileResult(parsed=_read(request, file, content))
    except UnsupportedValueError as error:
        return FileResult(error=FileError(file, error.line or None, str(error)))
    except BaseException as error:  # SystemExit and what else a DAG file may raise
        return FileResult(error=_described(error, request.root, file), repeatable=not _is_of_machine(error))


def _is_of_machine(error: BaseException) -> bool:
    """Tell whether a machine with more of something might not have raised an exception, or what it came after."""
    around: BaseException | None = error
    while around is not None:
        if isinstance(around, MemoryError | TimeoutError) or getattr(around, "errno", None) in _SCARCE:
            return True
        if isinstance(around, RuntimeError) and "start new thread" in str(around):
            return True
        around = around.__cause__ or around.__context__
    return False


def _read(request: Request, file: str, content: bytes | None) -> list[Parsed]:
    root, options = request.root, request.options
    parsed = []
    dags = load(root, file, content)
    code = Code(root, is_wanted=options.code)
    folders = folders_of(request, os.path.dirname(f"{root}/{file}"))
    deployed = DeployedPaths(deployed_folders(request))
    files = Files(root, folders, dag_file=f"{root}/{file}", in_tree=deployed.in_tree)
    notes = [ValueWarning(f"{path}:{line}", message) for path, line, message in NOTES.found]
    for dag in dags:
        model, warnings = live.read(
            dag,
            encoders=_ENCODERS,
            root=root,
            code=code,
            files=files,
            strict=options.strict,
            max_bytes=options.max_value_bytes,
        )
        line = next((line for name, line in dag._dagserial_frames if name == f"{root}/{file}"), 1)
        provenance = Provenance(file=file, line=line, operators=operators_as_written(dag))
        parsed.append(Parsed(model, provenance, tuple(sorted({*warnings, *notes}))))
    return parsed


def _absolute(request: Request, folders: dict[str, str]) -> dict[str, str]:
    """Return the folders of an option from the root of the file system."""
    return {name: os.path.normpath(os.path.join(request.root, folder)) for name, folder in folders.items()}


def package_folders(request: Request) -> dict[str, str]:
    """Return the folders by the name under which each is importable, absolute."""
    return _absolute(request, request.options.packages)


def deployed_folders(request: Request) -> dict[str, str]:
    """Return the folders by their deployed paths, absolute: from the folder in which DAG files run."""
    folders = _absolute(request, request.options.roots)
    return {os.path.join(request.root, path): folder for path, folder in folders.items()}


def folders_of(request: Request, folder: str) -> list[str]:
    """Return where file names of a DAG file in `folder` are looked up: there, then in the DAG folder around it."""
    around = [top for top in request.dag_folders if f"{folder}/".startswith(f"{top}/")]
    return [folder, max(around, key=len, default=folder)]


def _described(error: BaseException, root: str, file: str) -> FileError:
    """Say in one line what ended a DAG file, and at which of its lines."""
    text = _named(error, root)
    if isinstance(error, MemoryError):
        text = "MemoryError: the file needs more memory than it may take (--memory-mib)"
    if isinstance(error, SystemExit):
        text = f"SystemExit: the file ends the interpreter ({error.code!r})"
    path = f"{root}/{file}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(f"{root}/")]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append(traceback.FrameSummary(error.filename, error.lineno, ""))
        text = f"{type(error).__name__}: {error.msg}"
    own = [frame.lineno for frame in frames if frame.filename == path]
    if frames and frames[-1].filename != path:
        text += f" (in {frames[-1].filename.removeprefix(f'{root}/')}:{frames[-1].lineno})"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        text += f" (after {_named(cause, root)})"
    return FileError(file, (own[-1] or None) if own else None, text + lacking(error, NOTES.lacking, root))


def _named(error: BaseException, root: str) -> str:
    """Return class and message of an exception in one line, without the tree's own folder."""
    message = " ".join(str(error).split()).replace(f"{root}/", "").replace("Symbol", "unknown value")
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
