"""Give the tasks of a DagRun their instances: the first ones, and those that mapping makes of them (AIP-42)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Executable, bindparam, delete, update
from sqlalchemy.orm import Session

from dagserial.model import Value
from dagserial.model.mapping import MAX_MAP_LENGTH
from dagserial.store.decisions.growth import UNEXPANDED, apply, first_steps, grow, stray_steps
from dagserial.store.insertion import insert_missing
from dagserial.store.instances import Instance
from dagserial.store.limits import checked_id
from dagserial.store.run_facts import RunFacts, read_run
from dagserial.store.tables import task_instance


class Expansion(msgspec.Struct, frozen=True):
    """What `expand` did; false if that was nothing.

    Attributes:
        added: instances that are new, by task_id and map_index.
        changed: those that have another state now: skipped, upstream_failed, removed, or None for one that is back.
        dropped: unexpanded ones that are gone, because they were expanded.
    """

    added: tuple[Instance, ...] = ()
    changed: tuple[Instance, ...] = ()
    dropped: tuple[Instance, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)


def expand(
    session: Session,
    dag_id: str,
    run_id: str,
    *,
    variables: Mapping[str, Value] | None = None,
    max_map_length: int = MAX_MAP_LENGTH,
) -> Expansion:
    """Give each task of a stamped DagRun the instances that it is to have by now; return what was done.

    A task without any gets its first. The unexpanded instance of a mapped task, or of one in a mapped group, becomes as
    many as there are combinations, once its trigger rule holds. Done again, it does nothing until more is known.

    Args:
        variables: Variables of the deployment over which tasks are mapped, by key.

    Raises:
        NotFoundError: the run has no stamp.
        UnmappableError: a task is mapped over what has no length, or none that is known here.
        MapLengthError: a task would have more than `max_map_length` instances.
        SettingsError: a task_id has more than 250 characters. Nothing is written then, as with the others.
    """
    facts = read_run(session, dag_id, run_id, variables=variables, max_map_length=max_map_length)
    states = facts.known.states
    for step in [*first_steps(facts.verdicts(), states), *stray_steps(_is_known(facts), states)]:
        apply(step, states)
    grow(facts.verdicts_of_task, states)
    found = _difference(facts)
    _write(session, {"dag_id": dag_id, "run_id": run_id}, facts, found)
    return found


def _is_known(facts: RunFacts) -> Callable[[str], bool]:
    return lambda task_id: task_id in facts.verdicts_of_task(task_id).structure.dag.tasks


def _difference(facts: RunFacts) -> Expansion:
    """Return how the states that were decided differ from those that were read."""
    added, changed = [], []
    decided = facts.known.states
    for task_id in sorted(decided.tasks()):
        for map_index, state in sorted(decided.of(task_id).items()):
            if (before := facts.instances.get((task_id, map_index))) is None:
                digest = facts.digest_of_task(checked_id("task_id", task_id))
                added.append(Instance(task_id=task_id, map_index=map_index, state=state, digest=digest))
            elif before.state != state:
                changed.append(msgspec.structs.replace(before, state=state))
    gone = [one for (task_id, at), one in sorted(facts.instances.items()) if at not in decided.of(task_id)]
    return Expansion(tuple(added), tuple(changed), tuple(gone))


def _write(session: Session, run: dict[str, str], facts: RunFacts, found: Expansion) -> None:
    is_run = (task_instance.c.dag_id == run["dag_id"]) & (task_instance.c.run_id == run["run_id"])
    is_one = is_run & (task_instance.c.task_id == bindparam("_task_id"))
    is_unexpanded = is_one & (task_instance.c.map_index == UNEXPANDED)
    first = {one.task_id for one in found.added if one.map_index == 0}
    gone = [one.task_id for one in found.dropped]
    # Moved, not made anew: what a host keeps of the unexpanded instance goes with it.
    move = update(task_instance).where(is_unexpanded).values(map_index=0)
    _execute(session, move, [{"_task_id": one} for one in gone if one in first])
    _execute(
        session, delete(task_instance).where(is_unexpanded), [{"_task_id": one} for one in gone if one not in first]
    )
    insert_missing(session, task_instance, [run | msgspec.structs.asdict(one) for one in found.added])
    is_there = is_one & (task_instance.c.map_index == bindparam("_map_index"))
    unset = update(task_instance).where(is_there, task_instance.c.state.is_(None))
    reset = update(task_instance).where(is_there, task_instance.c.state == bindparam("_read"))
    # One that another session has set since it was read stays as that says.
    rows = [(_bound(one), facts.instances[one.task_id, one.map_index].state) for one in found.changed]
    new_state: dict[str, Any] = {"state": bindparam("_state")}
    _execute(session, unset.values(new_state), [row for row, read in rows if read is None])
    _execute(session, reset.values(new_state), [row | {"_read": read} for row, read in rows if read is not None])


def _bound(instance: Instance) -> dict[str, Any]:
    return {"_task_id": instance.task_id, "_map_index": instance.map_index, "_state": instance.state}


def _execute(session: Session, statement: Executable, rows: list[dict[str, Any]]) -> None:
    if rows:
        session.connection().execute(statement, rows)
