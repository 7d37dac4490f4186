"""Say in which states the task instances of a run are."""

from collections import Counter
from collections.abc import Iterable, Mapping

FINISHED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
"""States in which an instance has come to its end (Airflow, `State.finished`)."""
SCHEDULABLE = frozenset({None, "up_for_retry", "up_for_reschedule"})
"""States from which an instance may be told to run (Airflow, `SCHEDULEABLE_STATES`)."""

Tally = Counter[str | None]


def is_finished(state: str | None) -> bool:
    """Tell whether an instance in this state has come to its end."""
    return state in FINISHED


class States:
    """The states of the instances of a run, by task_id and map_index.

    Attributes:
        changes: how many there were since these were read.
    """

    def __init__(self, states: Iterable[tuple[str, int, str | None]] = ()) -> None:
        """Take (task_id, map_index, state) of each instance."""
        self._states: dict[str, dict[int, str | None]] = {}
        self._tallies: dict[str, Tally] = {}
        self.changes = 0
        for task_id, map_index, state in states:
            self._states.setdefault(task_id, {})[map_index] = state

    def of(self, task_id: str) -> Mapping[int, str | None]:
        """Return the states of a task's instances, by map_index."""
        return self._states.get(task_id, {})

    def tasks(self) -> list[str]:
        """Return the ids of the tasks that have instances."""
        return [task_id for task_id, states in self._states.items() if states]

    def tally(self, task_id: str) -> Tally:
        """Return how many instances of a task are in each state."""
        if task_id not in self._tallies:
            self._tallies[task_id] = Counter(self.of(task_id).values())
        return self._tallies[task_id]

    def put(self, task_id: str, map_index: int, state: str | None) -> None:
        """Give an instance a state; one that was not there is now."""
        self._states.setdefault(task_id, {})[map_index] = state
        self._forget(task_id)

    def drop(self, task_id: str, map_index: int) -> None:
        """Take an instance out."""
        del self._states[task_id][map_index]
        self._forget(task_id)

    def _forget(self, task_id: str) -> None:
        self._tallies.pop(task_id, None)
        self.changes += 1
