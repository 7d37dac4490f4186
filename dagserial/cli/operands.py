"""Read the two sides that the operands of a comparison mean: refs, or one DAG each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from dagserial.cli.remembered import opened
from dagserial.errors import RepositoryError, SettingsError
from dagserial.history import WORKTREE, Entry, History, Snapshot
from dagserial.resolve import Range, held, means_record, parse_range, record_of
from dagserial.sources.reading import Provenance, ReadOptions


@contextmanager
def history_of(flags: dict[str, Any], operands: Sequence[str]) -> Iterator[History | None]:
    """Open the repository of `--repo`; None where there is none and no operand needs one."""
    try:
        with opened(flags) as history:
            yield history
    except RepositoryError:
        if len(operands) < 2 or not all(operand == "-" or os.path.isfile(operand) for operand in operands):
            raise
        yield None


def root_of(history: History | None) -> Path | None:
    """Return the top of the repository's work tree, if there is one."""
    return history.root if history else None


def sides_of(history: History | None, operands: Sequence[str], options: ReadOptions) -> tuple[Snapshot, Snapshot]:
    """Return both sides of a comparison.

    Where an operand is a file, `-` or REF:dag_id, both sides are one DAG each; a second one that is not given is the
    same DAG in the work tree.

    Raises:
        SettingsError: one operand means a DAG and the other a ref, or there are more than two.
        NotFoundError: a ref, a DAG or a file does not exist.
        RecordError, BlobError: a file is neither a record nor a serialized DAG.
    """
    if not any(map(means_record, operands)):
        assert history is not None
        return _snapshots(history, parse_range(operands), options)
    if len(operands) > 2:
        raise SettingsError(f"a comparison takes two operands at most, not {len(operands)}")
    if stray := [operand for operand in operands if not means_record(operand)]:
        raise SettingsError(f"{stray[0]!r} names no DAG, as the other side does; {stray[0]}:DAG_ID does")
    if list(operands).count("-") > 1:
        raise SettingsError("only one side can come by stdin")
    base = _one(history, operands[0], options)
    dag_id = base.entries[0].record.dag_id
    return base, _one(history, operands[1] if len(operands) == 2 else f"{WORKTREE}:{dag_id}", options)


def _snapshots(history: History, span: Range, options: ReadOptions) -> tuple[Snapshot, Snapshot]:
    base = history.merge_base(span.base, span.head) if span.from_merge_base else span.base
    return history.at(base, options), history.at(span.head, options)


def _one(history: History | None, operand: str, options: ReadOptions) -> Snapshot:
    """Return the side that holds one DAG and nothing else."""
    body = held(operand)
    if body is not None:
        name = "stdin" if operand == "-" else operand
        return Snapshot(operand, None, (Entry(record_of(body), Provenance(file=name, line=1), ()),), ())
    if history is None:
        raise RepositoryError(f"{operand!r} is in a repository, and there is none here")
    ref, _, dag_id = operand.rpartition(":")
    side = history.at(ref, options)
    return msgspec.structs.replace(side, ref=operand, entries=(side.get(dag_id),), errors=())
