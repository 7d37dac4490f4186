"""Find the DAGs that have another id on the other side."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from zlib import crc32

import msgspec

from dagserial.canonical import settled_bytes
from dagserial.diff.likeness import Features, common_share, features_of, unique_best
from dagserial.diff.matching import Matching, Rename, declared_pairs
from dagserial.formats.pieces import Pieces

Files = Mapping[str, str]
"""For a DAG, the file that declares it."""


def match_dags(
    old: Mapping[str, Pieces], new: Mapping[str, Pieces], files: tuple[Files, Files], matching: Matching
) -> list[Rename]:
    """Return the DAGs that were renamed, among those that one side alone has.

    Declared pairs come first, then those that are equal but for their id, then those that are alike.
    """
    declared = declared_pairs(old.keys(), new.keys(), matching.moved)
    found = [Rename(*pair, dag_likeness(old[pair[0]], new[pair[1]]), declared=True) for pair in declared]
    if not matching.detect:
        return found
    found += [Rename(*pair, 100) for pair in _equal(_left(old, found), _left(new, found))]
    if matching.likeness < 100:
        found += _alike(_left(old, found), _left(new, found), files, matching.likeness)
    return found


def dag_likeness(old: Pieces, new: Pieces) -> int:
    """Return percent that two DAGs have in common: 100 if they are equal but for their ids, else less."""
    if _content(old) == _content(new):
        return 100
    common, of = common_share(_features(old), _features(new))
    return min(99, common * 100 // of)


def _left(side: Mapping[str, Pieces], found: Iterable[Rename]) -> dict[str, Pieces]:
    """Return the DAGs of a side that are not paired."""
    paired = {one for rename in found for one in (rename.old, rename.new)}
    return {dag_id: pieces for dag_id, pieces in side.items() if dag_id not in paired}


def _equal(old: Mapping[str, Pieces], new: Mapping[str, Pieces]) -> list[tuple[str, str]]:
    """Return the pairs that are equal but for their ids and that no third DAG equals."""
    found: dict[bytes, tuple[list[str], list[str]]] = {}
    for side, dags in enumerate((old, new)):
        for dag_id, pieces in dags.items():
            found.setdefault(_content(pieces), ([], []))[side].append(dag_id)
    return [(olds[0], news[0]) for olds, news in found.values() if len(olds) == len(news) == 1]


def _alike(
    old: Mapping[str, Pieces], new: Mapping[str, Pieces], files: tuple[Files, Files], least: int
) -> Iterator[Rename]:
    """Yield the pairs that are most alike: in what they say for three parts, in their files, if known, for one."""
    olds, news = ({dag_id: _features(pieces) for dag_id, pieces in side.items()} for side in (old, new))

    stayed = set(files[0].values()) & set(files[1].values())

    def score(before: str, after: str) -> float:
        common, of = common_share(olds[before], news[after])
        places = files[0].get(before), files[1].get(after)
        if None in places or stayed.isdisjoint(places):  # a file that was renamed, too, says nothing
            return common / of
        return (3 * common + (places[0] == places[1]) * of) / (4 * of)

    for before, (after, at) in unique_best(olds, news, score, least / 100).items():
        yield Rename(before, after, min(99, int(at * 100)))


def _content(pieces: Pieces) -> bytes:
    """Return a digest of all that a DAG says but its id."""
    fields = msgspec.json.decode(pieces.dag)
    del fields["dag_id"]
    return sha256(settled_bytes([fields, pieces.groups, pieces.tasks])).digest()


def _features(pieces: Pieces) -> Features:
    """Return the features of a DAG: its fields, the ids of its tasks, and each task as it stands."""
    fields = {f"dag/{name}": value for name, value in msgspec.json.decode(pieces.dag).items() if name != "dag_id"}
    ids = (crc32(task_id.encode()) for task_id in pieces.tasks)
    return features_of(*fields.items()) | {*ids, *(crc32(task, 1) for task in pieces.tasks.values())}
