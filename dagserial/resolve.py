"""Understand what a person types: ranges of refs, and which record is meant."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from dagserial.errors import NotFoundError, SettingsError
from dagserial.history import WORKTREE, History
from dagserial.record import Record
from dagserial.sources import airflow_blob
from dagserial.sources.reading import ReadOptions


class Range(msgspec.Struct, frozen=True):
    """Two refs to compare.

    Attributes:
        from_merge_base: compare from where the two histories parted, as Git's `A...B`.
    """

    base: str
    head: str
    from_merge_base: bool = False


def parse_range(operands: Sequence[str]) -> Range:
    """Read the operands of a comparison as Git does.

    Nothing means HEAD against the work tree, `A` means A against the work tree, then `A B`, `A..B`, `A...B`, where a
    missing side of the last two is HEAD.

    >>> parse_range(["main...HEAD"])
    Range(base='main', head='HEAD', from_merge_base=True)

    Raises:
        SettingsError: there are more than two operands.
    """
    if len(operands) > 2:
        raise SettingsError(f"a comparison takes two refs at most, not {len(operands)}; DAG names go behind `--`")
    if len(operands) == 2:
        return Range(operands[0], operands[1])
    if not operands:
        return Range("HEAD", WORKTREE)
    for dots in ("...", ".."):
        base, found, head = operands[0].partition(dots)
        if found:
            return Range(base or "HEAD", head or "HEAD", dots == "...")
    return Range(operands[0], WORKTREE)


def resolve(locator: str, history: History, options: ReadOptions) -> Record:
    """Return the record that a locator means: `REF:dag_id`, `@worktree:dag_id`, a file, or `-` for stdin.

    The file, or what comes by stdin, is a record or a serialized DAG of Airflow.

    Raises:
        NotFoundError: the ref, the DAG or the file does not exist, or the file cannot be read.
        RecordError: the file is no record.
        BlobError: the file is no serialized DAG that this version reads.
    """
    if (body := held(locator)) is not None:
        return record_of(body)
    ref, dag_id = taken_apart(locator)
    return history.load(dag_id, ref, options).record


def taken_apart(locator: str) -> tuple[str, str]:
    """Return ref and dag_id of a locator that means neither a file nor stdin.

    Raises:
        NotFoundError: it is no `REF:dag_id`.
    """
    ref, colon, dag_id = locator.rpartition(":")
    if not colon or not ref or not dag_id:
        raise NotFoundError(f"{locator!r} is neither a record file nor REF:dag_id, as in HEAD:{locator or 'etl'}")
    return ref, dag_id


def record_of(body: bytes) -> Record:
    """Return the record that bytes are, or that of the serialized DAG of Airflow that they are.

    Raises:
        RecordError: they are no record.
        BlobError: they are no serialized DAG that this version reads.
    """
    return Record.of_dag(airflow_blob.read(body)[0].dag) if airflow_blob.is_blob(body) else Record.of(body)


def held(locator: str) -> bytes | None:
    """Return what the file holds that a locator means, or stdin; None if it means neither.

    Raises:
        NotFoundError: the file cannot be read.
    """
    if locator == "-":
        return sys.stdin.buffer.read()
    return _read(locator) if os.path.isfile(locator) else None


def means_record(operand: str) -> bool:
    """Tell whether an operand of a comparison means one record: `-`, REF:dag_id or a file.

    A branch may be called as a file is; so it is the file only if its name ends in `.json`, or begins with a folder.
    """
    return (
        operand == "-"
        or ":" in operand
        or (os.path.isfile(operand) and operand.endswith((".json", ".zlib")))
        or (operand.startswith(("./", "../", "/")) and os.path.isfile(operand))
    )


def _read(file: str) -> bytes:
    if file.endswith(".py"):
        raise NotFoundError(f"{file!r} is a DAG file and no record; `dagserial serialize` makes its record")
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise NotFoundError(f"{file!r} cannot be read: {error.strerror}") from error


class Selection:
    """DAGs that a person picks by shell patterns: `etl_*`; with a task, `etl_daily.load`."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)

    def has_dag(self, dag_id: str) -> bool:
        """Tell whether a DAG is picked, as a whole or in part."""
        return not self._patterns or any(
            fnmatchcase(dag_id, pattern) or self._task_pattern(pattern, dag_id) is not None
            for pattern in self._patterns
        )

    def has_task(self, dag_id: str, task_id: str) -> bool:
        """Tell whether a task is picked, by itself or with its DAG."""
        if not self._patterns or any(fnmatchcase(dag_id, pattern) for pattern in self._patterns):
            return True
        parts = (self._task_pattern(pattern, dag_id) for pattern in self._patterns)
        return any(part is not None and fnmatchcase(task_id, part) for part in parts)

    @staticmethod
    def _task_pattern(pattern: str, dag_id: str) -> str | None:
        """Return the task's part of `dag.task` where the DAG's part fits, as both may hold dots."""
        at = pattern.find(".")
        while at > 0:
            if fnmatchcase(dag_id, pattern[:at]):
                return pattern[at + 1 :]
            at = pattern.find(".", at + 1)
        return None
