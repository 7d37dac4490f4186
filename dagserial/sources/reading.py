"""Hold what a source read: DAGs with where they come from, and what could not be read."""

import msgspec

from dagserial.model import MAX_VALUE_BYTES, Dag, ValueWarning


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a DAG was declared; stands beside the record and is never hashed.

    Attributes:
        file: path from the top of the tree, with `/`.
        line: line of the DAG file at which the DAG is made, from 1.
        commit: the commit read, 40 hex; absent for a work tree.
        ref: the ref as the user wrote it.
        parser: what read the file, if not the stand-in: an Airflow with its version.
        operators: names of operators as the DAG file imports them, where the record holds another: the newest, which
            stands beside it.
    """

    file: str
    line: int
    commit: str | None = None
    ref: str | None = None
    parser: str | None = None
    operators: dict[str, str] = {}


class Parsed(msgspec.Struct, frozen=True):
    """One DAG as read.

    Attributes:
        warnings: sorted and unique.
    """

    dag: Dag
    provenance: Provenance
    warnings: tuple[ValueWarning, ...] = ()


class FileError(msgspec.Struct, frozen=True, order=True):
    """A DAG file that gave no DAG though it should have.

    Attributes:
        line: line in that file, from 1; None if no line is to blame.
        error: exception class and message, or what ended the file.
    """

    file: str
    line: int | None
    error: str


class Reading(msgspec.Struct, frozen=True):
    """All that one tree holds.

    Attributes:
        parsed: by dag_id.
        errors: by file.
    """

    parsed: tuple[Parsed, ...] = ()
    errors: tuple[FileError, ...] = ()


class Reads(msgspec.Struct, frozen=True, omit_defaults=True):
    """What of the tree a DAG file's run looked at.

    Paths are from the top of the tree with `/`, sorted and unique; the top is "".

    Attributes:
        contents: files opened or asked about, there or not, and links passed on the way. What counts is the kind, of
            a file its bytes and whether it is executable, of a link its target; nothing lies below what is not there.
        names: folders whose names were listed.
        entries: folders listed with what each entry is: file, folder or link.
        modules: imports looked up, as folder and first name, there or not: all entries of the folder named `name` or
            `name.*`, each with its kind, and, where `name` is a folder, its `__init__.*`.
        outside: what was looked at outside of the tree, there or not: absolute, and from the top too where the path may
            have been made from that; with `/` at the end for folders that were listed. Neither the interpreter nor what
            is installed for it is named.
    """

    contents: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


class ReadOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How DAG files are found and what they see.

    Attributes:
        dags: files and folders with DAG files, from the top of the tree; empty means that `sources.find` decides.
        paths: further import roots, from the top of the tree.
        variables: Airflow Variables by key.
        connections: Airflow Connections by id: a URI, or an object of the fields that Airflow exports.
        env: environment variables that DAG files see; they see no others but a fixed few.
        roots: folders by the absolute path that each has where the DAG files are deployed; from the top of the tree.
        packages: folders by the name under which each is importable; from the top of the tree.
        imports: packages that are imported as they are installed; all but a few are symbols otherwise.
        airflow_version: what `airflow.__version__` says.
        code: functions and classes carry digests of their code.
        ignore_syntax: of `.airflowignore`: `regexp`, `glob`, or `auto`.
        timeout: seconds of wall clock that one DAG file may take.
        memory_mib: address space that one DAG file may take.
        jobs: DAG files read at the same time.
        python: an interpreter that has Airflow, to read with it; empty for the stand-in.
        strict: refuse a DAG file whose DAGs hold a value without a deterministic form.
        max_value_bytes: what one value may take in a record.
    """

    dags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    connections: dict[str, str | dict[str, object]] = {}
    env: dict[str, str] = {}
    roots: dict[str, str] = {}
    packages: dict[str, str] = {}
    imports: tuple[str, ...] = ()
    airflow_version: str = "3.3.2"
    code: bool = True
    ignore_syntax: str = "auto"
    timeout: float = 30.0
    memory_mib: int = 1024
    jobs: int = 2
    python: str = ""
    strict: bool = False
    max_value_bytes: int = MAX_VALUE_BYTES
