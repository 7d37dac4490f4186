"""Compare two DAGs, or two sets of DAGs, by the bytes of their records."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import UNSET

from dagserial.diff.cause import with_causes
from dagserial.diff.change import Change, Diff, place
from dagserial.diff.dag_match import dag_likeness, match_dags
from dagserial.diff.element import Difference, whole
from dagserial.diff.entry import change_of, entry_changes, is_by_renames, renamed
from dagserial.diff.field import DAG, field_differences
from dagserial.diff.match import Match
from dagserial.diff.matching import Matching, Rename
from dagserial.diff.unsaid import known
from dagserial.formats.pieces import Pieces, cut
from dagserial.model import Dag, Value
from dagserial.record import FORMAT, Record

_AS_FOUND = Matching()


class _Head(msgspec.Struct):
    dag_id: str


_HEAD = msgspec.json.Decoder(_Head)


def compare(old: Dag, new: Dag, matching: Matching = _AS_FOUND) -> tuple[Change, ...]:
    """Return what differs between two DAGs: nothing exactly when their records have the same bytes.

    Where one side does not know what the other says (`opaque`, for an object of the same class; what Airflow's
    serialized form leaves out), nothing is said.

    `compare(new, old)` is the mirror: the same places, with added and removed, before and after, object and previous
    exchanged. Tasks and groups match by id, else as `matching` says. DAGs of different ids are compared all the same,
    as one that was renamed.

    Returns:
        In the order of `Diff.changes`.
    """
    return compare_records(Record.of_dag(old), Record.of_dag(new), matching)


def compare_records(old: Record, new: Record, matching: Matching = _AS_FOUND) -> tuple[Change, ...]:
    """Return what differs between two records, as `compare` does: what they say alike is never parsed."""
    before, after = _current(old), _current(new)
    if before.body == after.body:
        return ()
    return compare_pieces(cut(before.body), cut(after.body), matching)


def compare_pieces(old: Pieces, new: Pieces, matching: Matching = _AS_FOUND) -> tuple[Change, ...]:
    """Return what differs between two records that were cut before, as `compare` does."""
    dag_ids = _HEAD.decode(old.dag).dag_id, _HEAD.decode(new.dag).dag_id
    rename = None
    if dag_ids[0] != dag_ids[1]:
        rename = Rename(*dag_ids, dag_likeness(old, new), matching.is_declared(*dag_ids))
    return _compared((old, new), dag_ids, rename, matching, dag_renames=_new_ids([rename] if rename else []))[0]


def compare_all(
    old: Mapping[str, Dag | Record],
    new: Mapping[str, Dag | Record],
    matching: Matching = _AS_FOUND,
    *,
    files: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {}),
) -> Diff:
    """Return what differs between two sets of DAGs, each by dag_id.

    A DAG that is on one side only, and was not renamed, is one change; its before or after is its digest.

    Args:
        files: for each side, the file that declares a DAG, as far as it is known: DAGs of one file are more alike.
    """
    befores, afters = _records(old), _records(new)
    gone = {dag_id: cut(befores[dag_id].body) for dag_id in befores.keys() - afters.keys()}
    come = {dag_id: cut(afters[dag_id].body) for dag_id in afters.keys() - befores.keys()}
    renames = match_dags(gone, come, files, matching) if gone and come else []
    new_ids = _new_ids(renames)
    found: list[tuple[tuple[Change, ...], int]] = []
    for dag_id in befores.keys() & afters.keys():
        bodies = befores[dag_id].body, afters[dag_id].body
        if bodies[0] != bodies[1]:
            both = cut(bodies[0]), cut(bodies[1])
            found.append(_compared(both, (dag_id, dag_id), None, matching, dag_renames=new_ids))
    for rename in renames:
        both = gone.pop(rename.old), come.pop(rename.new)
        found.append(_compared(both, (rename.old, rename.new), rename, matching, dag_renames=new_ids))
    changes = [change for some, _ in found for change in some]
    changes += (_whole(dag_id, whole(_address(befores[dag_id]), UNSET)) for dag_id in gone)
    changes += (_whole(dag_id, whole(UNSET, _address(afters[dag_id]))) for dag_id in come)
    old_digests, new_digests = ({one: record.digest for one, record in side.items()} for side in (befores, afters))
    names = {rename.new: rename.old for rename in renames}
    return Diff(tuple(sorted(changes, key=place)), old_digests, new_digests, names, sum(count for _, count in found))


def _records(side: Mapping[str, Dag | Record]) -> dict[str, Record]:
    """Return the records of a side in the current format, by dag_id in order."""
    return {dag_id: _current(side[dag_id]) for dag_id in sorted(side)}


def _current(thing: Dag | Record) -> Record:
    """Return the record of the current format; one of an older format is read anew."""
    if isinstance(thing, Dag):
        return Record.of_dag(thing)
    return thing if thing.format == FORMAT else Record.of_dag(thing.dag())


def _new_ids(renames: Iterable[Rename]) -> dict[str, str]:
    return {rename.old: rename.new for rename in renames}


def _compared(
    pieces: tuple[Pieces, Pieces],
    dag_ids: tuple[str, str],
    rename: Rename | None,
    matching: Matching,
    *,
    dag_renames: Mapping[str, str],
) -> tuple[tuple[Change, ...], int]:
    """Return the changes of one DAG, and how many more may be none."""
    match = Match(pieces, dag_ids, matching, dag_renames)
    changes = [renamed(dag_ids, "dag", rename)] if rename else []
    changes += _dag_changes(dag_ids, pieces, match)
    changes += entry_changes(dag_ids, match)
    return known(sorted(with_causes(changes), key=place), pieces, match)


def _dag_changes(dag_ids: tuple[str, str], pieces: tuple[Pieces, Pieces], match: Match) -> Iterator[Change]:
    """Yield the changes of the DAG's own fields; its id is one of the DAG as a whole."""
    old, new = (piece.dag for piece in pieces)
    if old == new:
        return
    before, after = msgspec.json.decode(old), msgspec.json.decode(new)
    del before["dag_id"], after["dag_id"]
    for difference in field_differences(before, after, DAG):
        if not is_by_renames(difference, match):
            yield change_of(dag_ids, "dag", dag_ids, difference, "dag")


def _address(record: Record) -> Value:
    return {"digest": str(record.digest)}


def _whole(dag_id: str, difference: Difference) -> Change:
    return change_of((dag_id, dag_id), "dag", (dag_id, dag_id), difference)
