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


def tasks_within(group_id: str, groups: Mapping[str, Group], tasks: Mapping[str, Task]) -> list[str]:
    """Return the ids of the tasks in a group and in those below it."""
    parents = {one: group.parent for one, group in groups.items()}
    inside = {group_id}
    for one in parents:
        path = []
        at: str | None = one
        while at is not None and at not in inside:
            path.append(at)
            at = parents[at]
        if at is not None:
            inside.update(path)
    return [task_id for task_id, task in tasks.items() if task.group in inside]


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
