"""Draw the edges of `with setup_task:` blocks (AIP-52)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagserial.authoring.node import AbstractOperator


class Scope:
    """The tasks made inside one block, between the setups and teardowns that open it.

    Attributes:
        watches: tasks that are made now count as made inside. No longer so once a block inside has ended, and never
            for mapped tasks (Airflow 2.7 to 3.3, SetupTeardownContext.active and update_context_map).
    """

    def __init__(self, openers: list[AbstractOperator]) -> None:
        self.setups = [task for task in openers if task.is_setup]
        self.teardowns = [task for task in openers if task.is_teardown]
        if not openers or len(openers) not in (len(self.setups), len(self.teardowns)):
            raise ValueError("the tasks that open a block must be either all setups or all teardowns")
        self.watches = True
        if self.setups:
            self.far_teardowns, self.far_setups = _nearest(self.setups[0], teardown=True), []
        else:
            self.far_teardowns, self.far_setups = [], _nearest(self.teardowns[0], teardown=False)
        self.work: list[AbstractOperator] = []

    def add_task(self, task: Any) -> None:
        """Count a task as made inside the block; also for tasks made before it."""
        (task,) = task.leaves  # of an XCom: its task
        if not task.is_setup and not task.is_teardown and task not in self.work:
            self.work.append(task)

    def draw(self) -> None:
        """Draw the edges: setups before the first work, teardowns after the last."""
        work = [task for task in self.work if not task.is_setup and not task.is_teardown]
        if not work:
            return
        roots = [task for task in work if not task.upstream_task_ids] or work[:1]
        leaves = [task for task in work if not task.downstream_task_ids] or work[-1:]
        for root in roots:
            root.set_upstream([*self.setups, *self.far_setups])
        for leaf in leaves:
            leaf.set_downstream([*self.teardowns, *self.far_teardowns])

    def nest_in(self, outer: Scope) -> None:
        """Draw the edges between the openers of two nested blocks: outer setups first, outer teardowns last."""
        for setup in self.setups or self.far_setups:
            setup.set_upstream([task for task in outer.setups or outer.far_setups if task is not setup])
        for teardown in self.teardowns or self.far_teardowns:
            teardown.set_downstream([task for task in outer.teardowns or outer.far_teardowns if task is not teardown])


class Scopes(list[Scope]):
    """The open blocks, innermost last."""

    def open(self, openers: list[AbstractOperator]) -> Scope:
        """Open a block."""
        self.append(Scope(openers))
        return self[-1]

    def close(self) -> None:
        """Close the innermost block and draw its edges."""
        scope = self.pop()
        scope.draw()
        if self:
            scope.nest_in(self[-1])
            self[-1].watches = False


SCOPES = Scopes()
"""`with` blocks have no other way to reach the tasks made inside them."""


def _nearest(start: AbstractOperator, *, teardown: bool) -> list[AbstractOperator]:
    """Return the nearest teardowns after a setup, or the nearest setups before a teardown."""
    seen = {start.task_id}
    level = start.downstream_list if teardown else start.upstream_list
    while level:
        found = [task for task in level if (task.is_teardown if teardown else task.is_setup)]
        if found:
            return found
        seen |= {task.task_id for task in level}
        around = [other for task in level for other in (*task.downstream_list, *task.upstream_list)]
        level = list({task.task_id: task for task in around if task.task_id not in seen}.values())
    return []


class ContextWrapper(list[Any]):
    """A list of setups or teardowns that opens a block: `with context_wrapper([a, b]):`."""

    def __enter__(self) -> Scope:
        return SCOPES.open([leaf for task in self for leaf in task.leaves])

    def __exit__(self, *_exc: object) -> None:
        SCOPES.close()
