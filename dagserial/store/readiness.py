"""Say which task instances of a DagRun may run now: a scheduler without DAG files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy.orm import Session

from dagserial.model import Value
from dagserial.store.decisions.growth import UNEXPANDED
from dagserial.store.decisions.states import SCHEDULABLE
from dagserial.store.instances import Instance
from dagserial.store.limits import LARGEST_INTEGER
from dagserial.store.run_facts import RunFacts, read_run


class Ready(msgspec.Struct, frozen=True):
    """What is to be done in a DagRun now; false if that is nothing.

    Attributes:
        instances: those that may run, by task_id and map_index, in the states that they are in.
        settled: those that come to an end without running, with that state: skipped, upstream_failed or removed.
        unexpanded: those that `expand` is to expand first.
    """

    instances: tuple[Instance, ...] = ()
    settled: tuple[Instance, ...] = ()
    unexpanded: tuple[Instance, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.instances or self.settled or self.unexpanded)


def ready(session: Session, dag_id: str, run_id: str, *, variables: Mapping[str, Value] | None = None) -> Ready:
    """Return which instances of a stamped DagRun may run by their trigger rules, and which never will.

    Instances without a state count, and those that are up for retry or reschedule: whether their time has come, and
    whether pools and limits let them run, is for the caller to say. Nothing is written: put what is settled.

    Args:
        variables: Variables of the deployment over which tasks are mapped, by key.

    Raises:
        NotFoundError: the run has no stamp.
        InvalidDagError: a task has a trigger rule that is none.
        UnmappableError: a task is mapped over what has no length, or none that is known here.
    """
    # How many instances a task may have is for `expand` to say: here they are there.
    facts = read_run(session, dag_id, run_id, variables=variables, max_map_length=LARGEST_INTEGER)
    run: list[Instance] = []
    end: list[Instance] = []
    expand: list[Instance] = []
    left = {key for key, one in facts.instances.items() if one.state in SCHEDULABLE and _is_known(facts, *key)}
    waiting = left
    while waiting:
        # All decide over the same states, as in a pass of Airflow's scheduler; what ends then decides over the next.
        verdicts = {key: facts.verdicts_of(*key).of(*key) for key in waiting}
        ended = set()
        for (task_id, map_index), verdict in verdicts.items():
            instance = facts.instances[task_id, map_index]
            if verdict == "run":
                (expand if _is_to_expand(facts, instance) else run).append(instance)
            elif verdict != "wait":
                facts.known.states.put(task_id, map_index, verdict)
                end.append(msgspec.structs.replace(instance, state=verdict))
                ended.add(task_id)
        left = {key for key in left if verdicts.get(key, "wait") == "wait"}
        waiting = {key for key in left if _watches(facts, key, ended)}
    return Ready(_sorted(run), _sorted(end), _sorted(expand))


def _watches(facts: RunFacts, key: tuple[str, int], ended: set[str]) -> bool:
    return not facts.verdicts_of(*key).structure.watched(key[0]).isdisjoint(ended)


def _is_known(facts: RunFacts, task_id: str, map_index: int) -> bool:
    return task_id in facts.verdicts_of(task_id, map_index).structure.dag.tasks


def _is_to_expand(facts: RunFacts, instance: Instance) -> bool:
    structure = facts.verdicts_of(instance.task_id, instance.map_index).structure
    return instance.map_index == UNEXPANDED and structure.is_expanded(instance.task_id)


def _sorted(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda one: (one.task_id, one.map_index)))
