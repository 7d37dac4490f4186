"""Hand a reading on to an interpreter that has Airflow, inside the sandbox like every other reading."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec

from dagserial.errors import SettingsError
from dagserial.model import Dag, ValueWarning
from dagserial.sources.child import FileResult, Request, deployed_folders, folders_of, package_folders
from dagserial.sources.reading import FileError, Parsed, Provenance

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); sys.path.append(sys.argv[2]); "
    "sys.version_info < (3, 10) and sys.exit('it is Python %d.%d; 3.10 or later is needed' % sys.version_info[:2]); "
    "from dagserial.sources.collector.collect import main; main()"
)
_OWN_SETTINGS = {
    "AIRFLOW__CORE__DAGBAG_IMPORT_ERROR_TRACEBACK_DEPTH": "1000",  # so that a frame of the DAG file is in it
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
}
_LONGEST_COMPLAINT = 300


def main(body: bytes) -> bytes:
    """Answer a Request with one FileResult a file, in its order, or with why that interpreter is of no use."""
    request = msgspec.msgpack.decode(body, type=Request)
    try:
        return msgspec.msgpack.encode(_results(request))
    except SettingsError as error:
        return msgspec.msgpack.encode(str(error))


def _results(request: Request) -> list[FileResult]:
    private = os.getcwd()
    shipped = shutil.copytree(
        Path(__file__).parents[1], f"{private}/shipped/dagserial", ignore=shutil.ignore_patterns("__pycache__")
    )
    question = {
        "root": request.root,
        "files": request.files,
        "roots": request.roots,
        "own_settings": list(_OWN_SETTINGS),
        "folders": {file: folders_of(request, os.path.dirname(f"{request.root}/{file}")) for file in request.files},
        "deployed": deployed_folders(request),
        "packages": package_folders(request),
        "code": request.options.code,
        "strict": request.options.strict,
        "max_value_bytes": request.options.max_value_bytes,
        "timeout": request.options.timeout,
    }
    command = [request.options.python, "-s", "-B", "-X", "utf8", "-c", _START, str(Path(shipped).parent)]
    answer = _run([*command, f"{shipped}/sources/collector/spare"], question, _environment(request, private))
    version = f"airflow {answer['airflow']}"
    pairs = zip(request.files, answer["files"], strict=True)
    return [_result(file, found, version) for file, found in pairs]


def _run(command: list[str], question: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
    try:
        done = subprocess.run(command, input=json.dumps(question), capture_output=True, text=True, env=env, check=False)
    except OSError as error:
        raise SettingsError(f"--python {command[0]} does not start: {error.strerror}") from None
    if done.returncode:
        complaints = done.stderr.strip().splitlines() or ["it said nothing"]
        raise SettingsError(f"--python {command[0]} cannot read DAG files: {complaints[-1][:_LONGEST_COMPLAINT]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _environment(request: Request, private: str) -> dict[str, str]:
    """Return what Airflow finds in its environment: a home of its own, the settings, Variables and Connections."""
    options = request.options
    for kind, keys in (("Variable", options.variables), ("Connection", options.connections)):
        if unfit := next((key for key in keys if "=" in key or "\0" in key), None):
            raise SettingsError(
                f"--python cannot hand on the {kind} {unfit!r}: no environment variable has such a name"
            )
    return {
        **os.environ,
        "AIRFLOW_HOME": f"{private}/airflow",
        **_OWN_SETTINGS,
        **{f"AIRFLOW__{section.upper()}__{key.upper()}": value for section, key, value in request.settings},
        **{f"AIRFLOW_VAR_{key.upper()}": value for key, value in options.variables.items()},
        **{
            f"AIRFLOW_CONN_{key.upper()}": value if isinstance(value, str) else json.dumps(value)
            for key, value in options.connections.items()
        },
    }


def _result(file: str, found: dict[str, Any], version: str) -> FileResult:
    if found["error"]:
        # Not to be repeated: it may be the time that was up, and what ends a file there is not told apart.
        return FileResult(error=FileError(file, found["line"], found["error"]), repeatable=False)
    parsed = [
        Parsed(
            msgspec.json.decode(dag["dag"], type=Dag),
            Provenance(file=file, line=dag["line"], parser=version),
            tuple(ValueWarning(path, message) for path, message in dag["warnings"]),
        )
        for dag in found["dags"]
    ]
    return FileResult(parsed=parsed)
