"""Read of a DAG's record no more than is asked for."""

from collections.abc import Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

import msgspec

from dagserial.formats.pieces import cut
from dagserial.model import Dag, DagFields, Group, Task
from dagserial.record import FORMAT, Record

T = TypeVar("T")


class DagParts(NamedTuple):
    """The parts of a DAG, as `Dag` has them."""

    fields: DagFields
    groups: Mapping[str, Group]
    tasks: Mapping[str, Task]


def dag_parts(thing: Dag | Record) -> DagParts:
    """Return the parts of a DAG; those of a record in the current format are read one by one."""
    if isinstance(thing, Record) and thing.format == FORMAT:
        pieces = cut(thing.body)
        fields = msgspec.json.decode(pieces.dag, type=DagFields)
        return DagParts(fields, _Entries(pieces.groups, Group), _Entries(pieces.tasks, Task))
    dag = thing.dag() if isinstance(thing, Record) else thing
    return DagParts(dag.fields, dag.groups, dag.tasks)


class _Entries(Mapping[str, T], Generic[T]):
    """Tasks or groups by id, each read when it is asked for."""

    def __init__(self, pieces: dict[str, msgspec.Raw], kind: type[T]) -> None:
        self._pieces = pieces
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)

    def __getitem__(self, entry_id: str) -> T:
        return self._decoder.decode(self._pieces[entry_id])

    def __contains__(self, entry_id: object) -> bool:
        return entry_id in self._pieces

    def __iter__(self) -> Iterator[str]:
        return iter(self._pieces)

    def __len__(self) -> int:
        return len(self._pieces)
