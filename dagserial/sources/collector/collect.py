"""Read DAG files with the Airflow of this interpreter, each in a process of its own.

Request and answer, on standard input and output, are JSON. The request is what `sources.relay` makes; the answer has
one object a file: `dags`, each with the model's JSON, its line and its warnings, or the `error` with its line.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    try:
        version = importlib.import_module("airflow").__version__
        importlib.import_module("airflow.settings")
    except ImportError as error:
        sys.exit(f"it has no Airflow: {error}")
    sys.path[:0] = request["roots"]  # behind the import, which would apply the policies of airflow_local_settings.py
    from dagserial.sources import live  # noqa: F401 - reads msgspec while it can be had
    from dagserial.sources.collector import operators, structure, tables  # the starter sets the path

    if sys.version_info >= (3, 11):  # noqa: UP036 - which the stand-in needs, whose expressions are told
        from dagserial.sources.collector import machine  # noqa: F401 - as live
    elif request["deployed"] or request["packages"]:
        sys.exit("--root and --package need Python 3.11 or later there")
    hide_spare()
    operators.install()
    structure.install()
    if version.startswith("2."):
        tables.make()
    results = [_in_fork(request, file) for file in request["files"]]
    json.dump({"airflow": version, "files": results}, answer)
    answer.close()


def hide_spare() -> None:
    """Hide from DAG files what stands in for msgspec, which packages that can do without would take for the real one.

    What is loaded of dagserial keeps it.
    """
    folder = os.path.dirname(getattr(sys.modules.get("msgspec"), "__file__", None) or "")
    if folder == os.path.join(os.path.dirname(os.path.abspath(__file__)), "spare"):
        del sys.modules["msgspec"]
        sys.path[:] = [path for path in sys.path if os.path.abspath(path) != folder]


def _in_fork(request: dict[str, Any], file: str) -> dict[str, Any]:
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reader)
        os.dup2(1, 2)
        with os.fdopen(writer, "w", encoding="utf-8") as stream:
            json.dump(_answer(request, file), stream)
        os._exit(0)
    os.close(writer)
    text, is_late = _read(reader, request["timeout"])
    if is_late:
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    if is_late:
        return _failed(f"the file took longer than {request['timeout']:g} s")
    return json.loads(text) if text else _failed("the file ended without an answer")


def _read(reader: int, seconds: float) -> tuple[str, bool]:
    """Return what comes through a pipe until its other end is closed, and whether that took too long."""
    deadline = time.monotonic() + seconds
    pieces: list[bytes] = []
    with os.fdopen(reader, "rb", buffering=0) as stream:
        while select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = stream.read(1 << 16)
            if not piece:
                return b"".join(pieces).decode(), False
            pieces.append(piece)
    return "", True


def _failed(message: str, line: int | None = None) -> dict[str, Any]:
    return {"dags": [], "error": message, "line": line}


def _answer(request: dict[str, Any], file: str) -> dict[str, Any]:
    try:
        return _dags(request, file)
    except BaseException as error:  # whatever a DAG file or an Airflow does
        return _failed(f"{type(error).__name__}: {error}", None)


def _dags(request: dict[str, Any], file: str) -> dict[str, Any]:
    from dagserial.canonical import settled_bytes
    from dagserial.sources import live
    from dagserial.sources.code import Code
    from dagserial.sources.collector.noted import found
    from dagserial.sources.collector.objects import Imports
    from dagserial.sources.file import Files

    root = request["root"]
    path = f"{root}/{file}"
    imports = Imports(root, live.NAMED)
    replaced, told = _hidden(root)
    imports.watch(replaced)
    os.chdir(root)
    in_tree = _shown(request)
    os.environ["AIRFLOW_HOME"] = root  # what DAG files see; Airflow has its own by now
    bag = found("airflow.dag_processing.dagbag:DagBag", "airflow.models.dagbag:DagBag")(os.devnull, False)
    for name in request["own_settings"]:
        os.environ.pop(name, None)  # which a DAG file is not to see
    bag.process_file(path, only_if_updated=False, safe_mode=False)
    if bag.import_errors:
        return _failed(*_last(next(iter(bag.import_errors.values())), path))
    code = Code(root, is_wanted=request["code"])
    files = Files(root, request["folders"][file], dag_file=path, in_tree=in_tree)
    dags = []
    encoders = imports.encoders | told
    for dag in bag.dags.values():
        if getattr(dag, "parent_dag", None) is not None:  # a SubDAG: part of another's task
            continue
        model, warnings = live.read(
            dag, encoders=encoders, root=root, code=code, files=files, max_bytes=request["max_value_bytes"]
        )
        line = next((line for name, line in dag._dagserial_frames if name == path), 1)
        dags.append(
            {
                "dag": settled_bytes(model).decode(),
                "line": line,
                "warnings": [[one.path, one.message] for one in warnings],
            }
        )
    return {"dags": dags, "error": None, "line": None}


def _hidden(root: str) -> tuple[Any, Any]:
    """Hide what no DAG declares; return modules for code of the tree, and how what it is told is written."""
    if sys.version_info < (3, 11):  # noqa: UP036 - which the stand-in needs, whose expressions are told
        return {}, {}
    from dagserial.sources.collector import machine

    return machine.hide(root), machine.ENCODERS


def _shown(request: dict[str, Any]) -> Callable[[str], str]:
    """Show folders of the tree under other names, if any have one; return how a path is looked up."""
    if not request["deployed"] and not request["packages"]:
        return lambda path: path
    from dagserial.sources.collector import machine

    return machine.show(request["deployed"], request["packages"])


def _last(trace: str, path: str) -> tuple[str, int | None]:
    """Return what a traceback says behind its last frame, and the last line of the DAG file in it."""
    lines = re.findall(rf'File "{re.escape(path)}", line (\d+)', trace)
    message: list[str] = []
    for text in trace.strip().splitlines():
        message = [] if text.startswith("  ") else [*message, text]
    return " ".join(" ".join(message).split()), int(lines[-1]) if lines else None
