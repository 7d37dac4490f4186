"""`dagserial serialize`: the records of DAG files, to stdout or as files."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec

from dagserial.cli.group import TROUBLE
from dagserial.cli.output import report_errors, write_bytes, write_file
from dagserial.cli.reading import file_flags, options_at
from dagserial.errors import NotFoundError, RecordError, SettingsError
from dagserial.model.display import printable
from dagserial.record import Record
from dagserial.resolve import held
from dagserial.sources import airflow_blob, files
from dagserial.sources.reading import Parsed, Reading

_TOPS = (".git", "dagserial.toml")
"""What lies at the top of a tree; a DAG's record speaks of paths from there."""


@click.command("serialize")
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write DIR/<dag_id>.json per DAG.")
@file_flags
@click.pass_context
def command(ctx: click.Context, /, targets: tuple[Path, ...], output: Path | None, **flags: Any) -> None:
    """Write the records of DAG files and folders, and of Airflow's serialized DAGs.

    Of one DAG, its record's exact bytes go to stdout. With -o each DAG has a file of its own, and stdout lists
    `digest  dag_id`. If any DAG file cannot be read, nothing is written. No Git repository is needed.

    \b
    dagserial serialize dags/etl.py | sha256sum
    dagserial serialize dags -o records
    dagserial serialize dags --variables variables.json -o records
    dagserial serialize blob.json           what Airflow keeps in serialized_dag.data
    """
    blobs = [target for target in targets if _is_blob(target)]
    readings = [_read(top, names, flags) for top, names in _by_top(set(targets).difference(blobs)).items()]
    errors = [error for reading in readings for error in reading.errors]
    if errors:
        report_errors(errors)
        ctx.exit(TROUBLE)
    of_blobs = (parsed for blob in blobs for parsed in airflow_blob.read(blob))
    records = _records(itertools.chain(*(reading.parsed for reading in readings), of_blobs))
    if output is not None:
        _write_all(records, output)
    elif len(records) == 1:
        write_bytes(records[0].body)
    else:
        held = f"{len(records)} DAGs: {', '.join(record.dag_id for record in records)}" if records else "no DAG"
        asked = " ".join(map(str, targets))
        raise NotFoundError(printable(f"{asked} holds {held}; only one goes to stdout, -o DIR takes any number"))


def _is_blob(target: Path) -> bool:
    """Tell whether a target is a file that holds a serialized DAG of Airflow.

    Raises:
        NotFoundError: the file cannot be read.
    """
    return target.suffix in (".json", ".zlib") and airflow_blob.is_blob(held(str(target)) or b"")


def _by_top(targets: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return the targets by the tree that each lies in."""
    by_top: dict[Path, list[Path]] = {}
    for target in targets:
        if not target.exists():
            raise NotFoundError(f"there is no file or folder {str(target)!r}")
        if target.is_file() and target.suffix != ".py":
            raise NotFoundError(f"{str(target)!r} is no DAG file: its name does not end in .py")
        place = target.resolve()
        folder = place if place.is_dir() else place.parent
        top = next((above for above in (folder, *folder.parents) if _is_top(above)), folder)
        by_top.setdefault(top, []).append(place)
    return by_top


def _is_top(folder: Path) -> bool:
    return any((folder / name).exists() for name in _TOPS)


def _read(top: Path, places: list[Path], flags: dict[str, Any]) -> Reading:
    options = options_at(top, flags)
    if places != [top] or not _is_top(top):
        options = msgspec.structs.replace(options, dags=tuple(place.relative_to(top).as_posix() for place in places))
    return files.read(top, options)


def _records(parsed: Iterable[Parsed]) -> list[Record]:
    """Return the records by dag_id, and report what their values lack."""
    by_id: dict[str, Record] = {}
    for one in parsed:
        record = Record.of_dag(one.dag)
        if by_id.setdefault(record.dag_id, record).digest != record.digest:
            raise RecordError(f"two trees declare the DAG {record.dag_id!r}, and not alike")
        for warning in one.warnings:
            click.echo(printable(f"{record.dag_id}: {warning.path}: {warning.message}"), err=True)
    return [by_id[dag_id] for dag_id in sorted(by_id)]


def _write_all(records: Iterable[Record], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for record in records:
            _write(record.body, folder / file_name(record.dag_id))
            click.echo(printable(f"{record.digest}  {record.dag_id}"))
    except OSError as error:
        raise SettingsError(f"{error.filename or folder} cannot be written: {error.strerror}") from error


def file_name(dag_id: str) -> str:
    """Return the name of a DAG's file, which no other DAG has and which leads into no other folder.

    >>> file_name("etl_daily"), file_name("../a b"), file_name(".hidden")
    ('etl_daily.json', '%2E.%2Fa%20b.json', '%2Ehidden.json')
    """
    name = quote(dag_id, safe="")
    return ("%2E" + name[1:] if name.startswith(".") else name) + ".json"


def _write(body: bytes, file: Path) -> None:
    """Write a file whole or not at all; one that holds these bytes already is left alone."""
    if file.is_file() and file.read_bytes() == body:
        return
    write_file(body, file)
