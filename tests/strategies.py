"""Draw values of Python of every written kind, tasks and DAGs, and documents of format 1."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import pathlib
import string
import uuid
import zoneinfo
from collections.abc import Callable
from random import Random
from typing import Any

from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st

from dagserial.formats import v1
from dagserial.model import Dag, DagFields, Encoder, Group, Mapping, Task

LETTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(LETTERS, max_size=6) | st.text(st.sampled_from('$\ue000\uffff\U00010000é"\\\n\x00/~'), max_size=4)
IDS = st.text(st.sampled_from("abcé.-_0\ue000\U00010000"), min_size=1, max_size=5)


class Colour(enum.Enum):
    """An enumeration of a user."""

    RED = 1
    BLUE = "blue"


class Count(enum.IntEnum):
    """An enumeration whose members are ints."""

    ONE = 1


@dataclasses.dataclass(frozen=True)
class Window:
    """An object of a user."""

    inner: Any


ZONES = st.sampled_from(["Europe/Paris", "Asia/Tokyo", "UTC"]).map(zoneinfo.ZoneInfo)
OFFSETS = st.integers(-1439, 1439).map(lambda minutes: dt.timezone(dt.timedelta(minutes=minutes)))
FOLDS = st.sampled_from([dt.datetime(2026, 10, 25, 2, 30), dt.datetime(2026, 10, 25, 2, 30, fold=1)])
SPECIAL_FLOATS = st.sampled_from([0.0, -0.0, 1.0, 1e16, 1e21, 1e-6, 9.5e-6, 1e-7, float("inf"), float("-inf"), 5e-324])

HASHABLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3) | st.integers() | st.sampled_from([2**53 - 1, 2**53, -(2**53)]),
    st.floats(allow_nan=False) | SPECIAL_FLOATS,
    TEXTS,
    st.binary(max_size=4),
    st.decimals(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.uuids(version=4) | st.just(uuid.UUID(int=1)),
    st.dates(),
    st.datetimes() | st.datetimes(timezones=ZONES | OFFSETS) | FOLDS.map(lambda at: at.replace(tzinfo=PARIS)),
    st.times() | st.times(timezones=OFFSETS),
    st.timedeltas(),
    ZONES | OFFSETS,
    st.sampled_from([Colour.RED, Colour.BLUE, Count.ONE]),
    IDS.map(pathlib.PurePosixPath),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9)),
    st.sampled_from([len, str.upper, "".join, int, Colour, decimal, string.capwords]),
)
"""Values that a set may hold, of every leaf tag."""

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
LEAVES = HASHABLE | st.just(float("nan")) | st.builds(relativedelta, days=st.integers(0, 40), month=st.integers(1, 12))


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(TEXTS, inner, max_size=3),
        st.dictionaries(HASHABLE, inner, max_size=3),
        st.sets(HASHABLE, max_size=3),
        st.frozensets(HASHABLE, max_size=3),
        inner.map(Window),
        inner.map(lambda value: functools.partial(string.capwords, value)),
    )


PYTHON_VALUES = st.recursive(LEAVES, _containers, max_leaves=4)
"""Values of Python as DAGs hold them."""


def written(value: Any) -> Any:
    """Return a value as a record holds it."""
    return Encoder().encode(value)


VALUES = PYTHON_VALUES.map(written)
"""Values of records, of every tag that a value of Python has."""
OWN_SHAPES = ("dag_id", "extra", "params", "unsaid")
DAG_FIELDS = sorted(set(DagFields.__struct_fields__) - set(OWN_SHAPES))
GROUP_FIELDS = sorted(set(Group.__struct_fields__) - {"args", "mapping", "parent"})
NAMES = ["a", "b.c", "é", "-", "0", "\ue000", "\U00010000", "_"]


class Structure:
    """Builds DAGs around some values by chance: drawing each part from Hypothesis would take most of a test's time."""

    def __init__(self, values: list[Any], seed: int) -> None:
        self.values = values
        self.chance = Random(seed)

    def some(self, names: list[str], most: int) -> list[str]:
        """Return up to so many of the names, in any order."""
        return self.chance.sample(names, self.chance.randint(0, min(most, len(names))))

    def value(self) -> Any:
        """Return one of the values."""
        return self.chance.choice(self.values)

    def args(self, names: list[str] = NAMES) -> dict[str, Any]:
        """Return values under some of the names."""
        return {name: self.value() for name in self.some(names, 2)}

    def mapping(self) -> Mapping | None:
        """Return no mapping, an `expand` or an `expand_kwargs`."""
        expand = tuple(self.args().items())
        return self.chance.choice([None, Mapping(expand=expand), Mapping(expand_kwargs=self.value())])

    def flag(self) -> bool:
        """Toss a coin."""
        return self.chance.random() < 0.5

    def task(self, before: list[str], groups: list[str]) -> Task:
        """Return a task that follows some of those before it."""
        upstream = sorted(self.some(before, 3))
        return Task(
            args=self.args(),
            group=self.chance.choice([None, *groups]),
            labels={task_id: self.chance.choice(NAMES) for task_id in upstream if self.flag()},
            mapping=self.mapping(),
            on_failure_fail_dagrun=self.flag(),
            operator=self.chance.choice(["a.A", "@task"]),
            setup=self.flag(),
            teardown=self.flag(),
            upstream=tuple(upstream),
        )

    def dag(self, dag_id: str) -> Dag:
        """Return a DAG of up to four tasks in up to two groups."""
        group_ids = self.some(NAMES, 2)
        groups = {
            group_id: Group(
                args=self.args(),
                mapping=self.mapping(),
                parent=self.chance.choice([None, *group_ids[:at]]),
                **self.args(GROUP_FIELDS),
            )
            for at, group_id in enumerate(group_ids)
        }
        ids = [name for name in self.some(NAMES, 4) if name not in group_ids]
        tasks = {task_id: self.task(ids[:at], group_ids) for at, task_id in enumerate(ids)}
        params = tuple(self.args().items())
        fields = DagFields(dag_id=dag_id, extra=self.args(), params=params, **self.args(DAG_FIELDS))
        return Dag(fields=fields, groups=groups, tasks=tasks)

    def v1_document(self, dag_id: str) -> v1.Document:
        """Return a document of format 1."""
        group_ids = self.some(NAMES, 2)
        groups = {
            group_id: v1.GroupFields(parent=self.chance.choice([None, *group_ids[:at]]), **self.args(V1_GROUP_FIELDS))
            for at, group_id in enumerate(group_ids)
        }
        ids = [name for name in self.some(NAMES, 4) if name not in group_ids]
        tasks = {
            task_id: v1.TaskFields(
                args=self.args(),
                group=self.chance.choice([None, *group_ids]),
                operator="o.O",
                upstream=tuple(sorted(self.some(ids[:at], 3))),
            )
            for at, task_id in enumerate(ids)
        }
        fields = v1.DagFields(dag_id=dag_id, extra=self.args(), params=self.args(), **self.args(V1_FIELDS))
        return v1.Document(fields, 1, groups, tasks)


V1_FIELDS = sorted(set(v1.DagFields.__struct_fields__) - set(OWN_SHAPES))
V1_GROUP_FIELDS = sorted(set(v1.GroupFields.__struct_fields__) - {"parent"})

SEEDS = st.integers(0, 2**32 - 1)
STRUCTURES = st.builds(Structure, st.lists(VALUES, min_size=1, max_size=2), SEEDS)
DAGS = st.builds(Structure.dag, STRUCTURES, IDS)
"""DAGs of every field, without circles."""
V1_DOCUMENTS = st.builds(Structure.v1_document, STRUCTURES, IDS)
"""Documents of format 1 that hold together."""


def _pair(values: list[Any], seeds: tuple[int, int], dag_id: str) -> tuple[Dag, Dag]:
    return Structure(values[:2], seeds[0]).dag(dag_id), Structure(values, seeds[1]).dag(dag_id)


def _nearly(structure: Structure, dag_id: str, other: Any) -> tuple[Dag, Dag]:
    old = structure.dag(dag_id)
    fields = {name: getattr(old.fields, name) for name in DagFields.__struct_fields__}
    fields["doc_md"] = structure.chance.choice([old.fields.doc_md, other])
    args = {"x": structure.chance.choice([structure.value(), other])}
    added = {} if structure.flag() else {"t": Task(operator="o", args=args)}
    return old, Dag(fields=DagFields(**fields), groups=old.groups, tasks={**old.tasks, **added})


PAIRS = st.builds(
    _pair, st.lists(VALUES, min_size=3, max_size=3), st.tuples(SEEDS, SEEDS) | SEEDS.map(lambda at: (at, at)), IDS
) | st.builds(_nearly, STRUCTURES, IDS, VALUES)
"""Two DAGs of one id that have much in common, or all."""


def shuffled(value: Any, shuffle: Callable[[list[Any]], None]) -> Any:
    """Return a value of a record with the entries of its objects inserted in another order."""
    if isinstance(value, dict):
        keys = list(value)
        shuffle(keys)
        return {key: shuffled(value[key], shuffle) for key in keys}
    if isinstance(value, list | tuple):
        return type(value)(shuffled(item, shuffle) for item in value)
    return value
