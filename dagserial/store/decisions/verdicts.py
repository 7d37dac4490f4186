"""Decide over each task instance of a run: it may run, it waits, or it comes to an end without running."""

from __future__ import annotations

from collections.abc import Iterable

from dagserial.model.mapping import MAX_MAP_LENGTH
from dagserial.store.decisions.lengths import Known, Lengths
from dagserial.store.decisions.states import FINISHED, Tally
from dagserial.store.decisions.structure import Structure
from dagserial.store.decisions.trigger_rules import HASTY, Upstream, Verdict, judge, judge_setups, trigger_rule_of


class Verdicts:
    """What becomes of the instances of a run, by the record that they run."""

    def __init__(self, structure: Structure, known: Known, max_map_length: int = MAX_MAP_LENGTH) -> None:
        self.structure = structure
        self.lengths = Lengths(structure, known, max_map_length)
        self._states = known.states

    def of(self, task_id: str, map_index: int) -> Verdict:
        """Return what becomes of an instance that has not run; an unexpanded one may "run" once it can be expanded.

        Raises:
            InvalidDagError: the task has no trigger rule that Airflow knows.
        """
        by_rule = self._by_rule(task_id, map_index)
        by_source = self._by_source(task_id)
        if by_rule == "upstream_failed" or by_source == "run":
            return by_rule
        if by_source == "upstream_failed" or by_rule in ("run", "wait"):
            return by_source
        return by_rule

    def _by_rule(self, task_id: str, map_index: int) -> Verdict:
        task = self.structure.task(task_id)
        rule = trigger_rule_of(task_id, task)
        if not task.upstream or rule == "always":
            return "run"
        by_setups: Verdict = "run"
        if setups := self.structure.indirect_setups(task_id):
            by_setups = judge_setups(self._upstream(task_id, map_index, rule, setups))
            if by_setups not in ("run", "wait"):
                return by_setups
        found = judge(rule, self._upstream(task_id, map_index, rule, task.upstream))
        if found == "run" and (scope := self.structure.teardown_scope(task_id)):
            between = self._upstream(task_id, map_index, rule, scope)
            return "run" if between.is_done else "wait"
        return by_setups if found == "run" else found

    def _by_source(self, task_id: str) -> Verdict:
        """Decide by the tasks over whose XComs an instance is mapped (Airflow 3.3, `MappedTaskUpstreamDep`).

        Of one that is mapped itself, only the unexpanded instance counts: expanded, it was not lost as a whole.
        """
        sources = self.structure.expanded_over(task_id)
        ended = {self._states.of(one).get(-1) for one in sources} & FINISHED
        if ended <= {"success"}:
            return "run"
        if ended & {"failed", "upstream_failed"}:
            return "upstream_failed"
        return "skipped" if "skipped" in ended else "wait"

    def _upstream(self, task_id: str, map_index: int, rule: str, upstream_ids: Iterable[str]) -> Upstream:
        expected, setups = 0, 0
        total, of_setups = Tally(), Tally()
        for upstream_id in upstream_ids:
            found = self._tally(upstream_id, self.relevant(task_id, map_index, rule, upstream_id))
            # A plain task is waited for, whether it has an instance yet or not.
            count = found.total() if self.structure.is_expanded(upstream_id) else max(1, found.total())
            expected += count
            total += found
            if self.structure.task(upstream_id).setup:
                setups += count
                of_setups += found
        return Upstream(
            expected=expected,
            success=total["success"],
            failed=total["failed"],
            skipped=total["skipped"],
            upstream_failed=total["upstream_failed"],
            removed=total["removed"],
            setups=setups,
            setups_succeeded=of_setups["success"],
            setups_skipped=of_setups["skipped"],
            map_index=map_index,
        )

    def relevant(self, task_id: str, map_index: int, rule: str, upstream_id: str) -> range | None:
        """Return the map indexes of an upstream task on which an instance depends; None if that is all of them.

        Within a mapped group these are those of the same turn of the group. An instance that is not expanded yet has no
        turn, and so waits for none of them: it is expanded first, unless its rule is one that may be lost early.
        """
        groups = self.structure.mapped_groups(task_id)
        shared = next((one for one in self.structure.mapped_groups(upstream_id) if one in groups), None)
        if shared is None:
            return None
        if map_index < 0 and rule in HASTY and upstream_id not in self.structure.all_expanded_over(task_id):
            return None
        own, turns = self.lengths.of_task(task_id), self.lengths.of_group(shared)
        upstream = self.lengths.of_task(upstream_id)
        if not own or not turns or not upstream:
            return None
        turn, each = map_index * turns // own, upstream // turns
        return range(turn * each, (turn + 1) * each)

    def _tally(self, task_id: str, indexes: range | None) -> Tally:
        if indexes is None:
            return self._states.tally(task_id)
        states = self._states.of(task_id)
        # The unexpanded instance stands for all, as long as it is there.
        return Tally(states[at] for at in {-1, *indexes} if at in states)
