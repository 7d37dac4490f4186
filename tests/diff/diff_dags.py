"""Draw small DAGs that are often nearly the same, with values that Python's `==` confuses."""

from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET

from dagserial.diff import Change
from dagserial.diff.change import place
from dagserial.model import Dag, DagFields, Group, Mapping, Task

NAMES = ("a", "b/c", "__d", "e~'\"", "0", "ß.10")
"""Ids and keys that JSON pointers, DeepDiff's paths or its private variables could trip over."""

_TAGGED = (
    {"$": "float", "value": "1.0"},
    {"$": "timedelta", "value": "PT5M"},
    {"$": "tuple", "items": [1]},
    {"$": "dict", "items": [["a", 1], [1, "a"]]},
    {"$": "not-invented-yet", "x": {"y": [None]}},
)

scalars = st.sampled_from([None, True, False, 0, 1, 0.5, "", "0", "1", "true", "a\nb", "a\nb\n", "\x1b[31m"])
"""Values that differ as JSON though some are equal in Python."""

values = st.recursive(
    scalars | st.sampled_from(_TAGGED),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
"""JSON with tagged values in it, from so small a domain that two draws often share most of it."""

_leaves = scalars | st.sampled_from(_TAGGED)
_small = st.one_of(
    _leaves, st.lists(scalars, max_size=2), st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[:3], _leaves))
)

named = st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES[:3], _small))
pairs = st.permutations(NAMES[:3]).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), scalars) for name in names))
)
repeating_pairs = st.lists(st.tuples(st.sampled_from(NAMES[:2]), scalars), max_size=3).map(tuple)
mappings = st.one_of(
    st.none(), st.builds(Mapping, expand=pairs | repeating_pairs), st.builds(Mapping, expand_kwargs=_small)
)


@st.composite
def dags(draw: st.DrawFn, dag_id: str = "etl") -> Dag:
    """Draw a DAG; tasks only follow tasks of a lower index, groups lie in groups of a lower index."""
    group_ids = draw(st.lists(st.sampled_from([f"{name}/g" for name in NAMES[:3]]), unique=True))
    parents = [None, *group_ids]
    groups = {
        group_id: Group(
            args=draw(named),
            mapping=draw(mappings),
            parent=draw(st.sampled_from(parents[: index + 1])),
            tooltip=draw(scalars),
        )
        for index, group_id in enumerate(group_ids)
    }
    task_ids = draw(st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(sorted))
    tasks = {task_id: _task(draw, task_ids[:index], parents) for index, task_id in enumerate(task_ids)}
    return Dag(fields=draw(fields(dag_id)), groups=groups, tasks=tasks)


def fields(dag_id: str) -> st.SearchStrategy[DagFields]:
    """Draw a DAG's own fields, a few of each sort."""
    optional = dict.fromkeys(("schedule", "tags", "default_args", "catchup"), _small)
    return st.fixed_dictionaries(
        {"dag_id": st.just(dag_id), "params": pairs | repeating_pairs, "extra": named}, optional=optional
    ).map(_fields)


def _fields(drawn: dict[str, Any]) -> DagFields:
    return DagFields(**drawn)


def _task(draw: st.DrawFn, before: list[str], groups: list[str | None]) -> Task:
    upstream = sorted(draw(st.sets(st.sampled_from(before)))) if before else []
    labels = {task_id: draw(st.sampled_from(["yes", "no"])) for task_id in upstream if draw(st.booleans())}
    return Task(
        args=draw(named),
        group=draw(st.sampled_from(groups)),
        labels=labels,
        mapping=draw(mappings),
        operator=draw(st.sampled_from(["a.A", "b.B"])),
        setup=draw(st.booleans()),
        teardown=draw(st.booleans()),
        upstream=tuple(upstream),
    )


@st.composite
def near_pairs(draw: st.DrawFn) -> tuple[Dag, Dag]:
    """Draw two DAGs that share what can be shared: fields, groups, and the tasks drawn to stay."""
    old, new = draw(dags()), draw(dags())
    if draw(st.booleans()):
        new = Dag(fields=old.fields, groups=new.groups, tasks=new.tasks)
    shared = {task_id: task for task_id, task in old.tasks.items() if task_id in new.tasks and draw(st.booleans())}
    tasks = {**new.tasks, **{task_id: _transplanted(task, new) for task_id, task in shared.items()}}
    return old, Dag(fields=new.fields, groups=new.groups, tasks=tasks)


def _transplanted(task: Task, dag: Dag) -> Task:
    fields: dict[str, Any] = {name: getattr(task, name) for name in Task.__struct_fields__}
    fields["group"] = task.group if task.group in dag.groups else None
    fields["upstream"] = tuple(task_id for task_id in task.upstream if task_id in dag.tasks)
    fields["labels"] = {before: label for before, label in task.labels.items() if before in fields["upstream"]}
    return Task(**fields)


def task_dag(dag_id: str = "etl", **tasks: Task) -> Dag:
    """Return a DAG that holds some tasks and nothing else."""
    return Dag(fields=DagFields(dag_id=dag_id), tasks=tasks)


def mirrored(change: Change) -> Change:
    """Return a change as the opposite comparison must say it: each side by its own names."""
    opposites: dict[str, Any] = {"added": "removed", "removed": "added"}
    swapped: dict[str, Any] = {"before": change.after, "after": change.before}
    if change.previous is not UNSET:
        swapped |= {"object": change.previous, "previous": change.object, "path": _previous_path(change)}
    return msgspec.structs.replace(change, operation=opposites.get(change.operation, change.operation), **swapped)


def _previous_path(change: Change) -> str:
    steps = change.path.split("/")
    assert change.previous is not UNSET
    if change.object.kind == "edge":
        steps[4], steps[2] = map(_escaped, change.previous.id.split(" -> "))
    elif change.object.kind != "dag":
        steps[2] = _escaped(change.previous.id)
    return "/".join(steps)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def mirror(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes as the opposite comparison must say them, in order."""
    return tuple(sorted(map(mirrored, changes), key=place))
