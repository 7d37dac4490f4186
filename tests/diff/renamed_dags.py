"""Draw DAGs in which tasks and groups were renamed, edited, or both."""

from typing import Any

from diff_dags import dags, named, scalars
from hypothesis import strategies as st

from dagserial.diff import Matching
from dagserial.diff.reference import Names, redirected
from dagserial.model import Dag

_NEW = ("x", "y/z", "w.ß", "b/g.t")
_REFERENCES = st.sampled_from(["xcom", "task"])


@st.composite
def renamed_pairs(draw: st.DrawFn) -> tuple[Dag, Dag, Matching]:
    """Draw a DAG and one with other ids, with what is declared of that and what is to be detected."""
    old = _with_references(draw, draw(dags()))
    tasks = _names(draw, list(old.tasks), _NEW)
    groups = _names(draw, list(old.groups), ("h", "h/i"))
    new = _edited(draw, _renamed(old, tasks, groups))
    declared = {f"etl.{old}": f"etl.{new}" for old, new in (tasks | groups).items() if draw(st.integers(0, 3)) == 0}
    return old, new, Matching(draw(st.sampled_from([1, 50, 100])), draw(st.integers(0, 5)) > 0, declared)


def _names(draw: st.DrawFn, ids: list[str], pool: tuple[str, ...]) -> dict[str, str]:
    chosen = [one for one in ids if draw(st.integers(0, 2))][: len(pool)]
    return dict(zip(chosen, draw(st.permutations(pool)), strict=False))


def _with_references(draw: st.DrawFn, dag: Dag) -> Dag:
    tasks = {}
    for task_id, task in dag.tasks.items():
        references = {
            f"ref {before}": {"$": tag, "task": before} for before in task.upstream if (tag := draw(_REFERENCES))
        }
        tasks[task_id] = _replaced(task, args={**task.args, **references})
    return Dag(fields=dag.fields, groups=dag.groups, tasks=tasks)


def _renamed(dag: Dag, tasks: dict[str, str], groups: dict[str, str]) -> Dag:
    names = Names(tasks, groups)
    return Dag(
        fields=dag.fields,
        groups={
            groups.get(one, one): _replaced(group, parent=groups.get(group.parent or "", group.parent))
            for one, group in dag.groups.items()
        },
        tasks={
            tasks.get(one, one): _replaced(
                task,
                args=redirected(task.args, names),
                group=groups.get(task.group or "", task.group),
                labels={tasks.get(before, before): label for before, label in task.labels.items()},
                upstream=tuple(sorted(tasks.get(before, before) for before in task.upstream)),
            )
            for one, task in dag.tasks.items()
        },
    )


def _edited(draw: st.DrawFn, dag: Dag) -> Dag:
    tasks = {
        one: _replaced(task, args={**task.args, **draw(named)}) if draw(st.booleans()) else task
        for one, task in dag.tasks.items()
    }
    groups = {
        one: _replaced(group, tooltip=draw(scalars)) if draw(st.booleans()) else group
        for one, group in dag.groups.items()
    }
    return Dag(fields=dag.fields, groups=groups, tasks=tasks)


def _replaced(thing: Any, **fields: Any) -> Any:
    own = {name: getattr(thing, name) for name in type(thing).__struct_fields__}
    return type(thing)(**(own | fields))
