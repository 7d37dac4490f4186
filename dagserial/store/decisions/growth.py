"""Decide which instances a run has: the first ones of each task, and those that mapping adds or takes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dagserial.store.decisions.lengths import is_literal
from dagserial.store.decisions.states import SCHEDULABLE, States
from dagserial.store.decisions.structure import Structure
from dagserial.store.decisions.verdicts import Verdicts

UNEXPANDED = -1
"""The map index of a task that is not mapped, or not yet expanded."""


class Step(NamedTuple):
    """What is done to one instance: it is there from now on in a state, or it is not there any more."""

    task_id: str
    map_index: int
    state: str | None = None
    is_there: bool = True


def first_steps(verdicts: Verdicts, states: States) -> Iterator[Step]:
    """Yield what gives each task that has no instance its first: as many as the record itself says, or one.

    Mapped over nothing, a task has one, which is skipped when its turn comes (Airflow 3.3, `DagRun._create_tasks`).
    """
    structure = verdicts.structure
    for task_id in structure.dag.tasks:
        if not states.of(task_id):
            length = verdicts.lengths.of_task(task_id) if _is_literal(structure, task_id) else None
            for map_index in range(length) if length else (UNEXPANDED,):
                yield Step(task_id, map_index)


def stray_steps(is_known: Callable[[str], bool], states: States) -> Iterator[Step]:
    """Yield what removes the instances of tasks that the record does not have."""
    for task_id in states.tasks():
        if not is_known(task_id):
            for map_index, state in states.of(task_id).items():
                if state != "removed":
                    yield Step(task_id, map_index, "removed")


def growth_steps(verdicts: Verdicts, task_id: str, states: States) -> Iterator[Step]:
    """Yield what gives an expanded task the instances that it is to have, once one of them could run.

    Its unexpanded instance becomes the first of them; mapped over nothing, it is skipped, and with a length that nobody
    pushed it can never run (Airflow 3.3, `TaskMap.expand_mapped_task`). A task whose length has changed gains or loses
    instances at the end (`DagRun._revise_map_indexes_if_mapped`), and gets back those that it had lost.
    """
    found = states.of(task_id)
    if found.get(UNEXPANDED, "none") in SCHEDULABLE:
        if verdicts.of(task_id, UNEXPANDED) == "run":
            yield from _expansion(task_id, found[UNEXPANDED], states, verdicts.lengths.of_task(task_id))
    elif _may_change(verdicts, task_id, states) and (length := verdicts.lengths.of_task(task_id)) is not None:
        yield from _revision(task_id, states, length)


def grow(verdicts_of: Callable[[str], Verdicts], states: States) -> None:
    """Give the tasks of a run the instances that they are to have, until nothing is left to do."""
    waiting = {task_id for task_id in states.tasks() if _is_expanded(verdicts_of(task_id).structure, task_id)}
    while waiting:
        grown = set()
        for task_id in sorted(waiting):
            steps = list(growth_steps(verdicts_of(task_id), task_id, states))
            for step in steps:
                apply(step, states)
            if steps:
                grown.add(task_id)
        # What a task gains or loses may let one be expanded that stands behind it in the same group.
        waiting = {one for task_id in grown for one in _behind(verdicts_of(task_id).structure, task_id)}
        waiting &= set(states.tasks())


def apply(step: Step, states: States) -> None:
    """Do a step to the states of a run."""
    if step.is_there:
        states.put(step.task_id, step.map_index, step.state)
    else:
        states.drop(step.task_id, step.map_index)


def _is_expanded(structure: Structure, task_id: str) -> bool:
    return task_id in structure.dag.tasks and structure.is_expanded(task_id)


def _behind(structure: Structure, task_id: str) -> Iterator[str]:
    return (one for one in structure.downstream[task_id] if structure.is_expanded(one))


def _is_literal(structure: Structure, task_id: str) -> bool:
    mappings = [structure.group_mapping(one) for one in structure.mapped_groups(task_id)]
    if (own := structure.task(task_id).mapping) is not None:
        mappings.append(own)
    return bool(mappings) and all(map(is_literal, mappings))


def _expansion(task_id: str, state: str | None, states: States, length: int | None) -> Iterator[Step]:
    if not length:
        yield Step(task_id, UNEXPANDED, "upstream_failed" if length is None else "skipped")
        length = 0
    else:
        yield Step(task_id, UNEXPANDED, is_there=False)
        if 0 not in states.of(task_id):
            yield Step(task_id, 0, state)
    start = max(states.of(task_id), default=0) + 1
    for map_index in range(max(1, start), length):
        yield Step(task_id, map_index, state)
    yield from _surplus(task_id, states, length)


def _revision(task_id: str, states: States, length: int) -> Iterator[Step]:
    found = states.of(task_id)
    for map_index in range(length):
        if map_index not in found or found[map_index] == "removed":
            yield Step(task_id, map_index)
    if found.get(UNEXPANDED, "removed") != "removed":
        yield Step(task_id, UNEXPANDED, "removed")
    yield from _surplus(task_id, states, length)


def _surplus(task_id: str, states: States, length: int) -> Iterator[Step]:
    for map_index, state in states.of(task_id).items():
        if map_index >= length and state != "removed":
            yield Step(task_id, map_index, "removed")


def _may_change(verdicts: Verdicts, task_id: str, states: States) -> bool:
    """Tell whether an instance of an expanded task could run now, or whether it has lost all that it had."""
    found = states.of(task_id)
    if found and all(state == "removed" for state in found.values()):
        return True
    return any(
        state in SCHEDULABLE and verdicts.of(task_id, map_index) == "run"
        for map_index, state in found.items()
        if map_index >= 0
    )
