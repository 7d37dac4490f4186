"""Know which DAG and which task group are being declared."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagserial.authoring.dag import DAG
    from dagserial.authoring.group import TaskGroup

Frame = tuple[str, int]
"""File name and line."""


class Declaring:
    """What is being declared right now: `with DAG(...)` and `with TaskGroup(...)` blocks, innermost last.

    Attributes:
        dags: DAGs whose block is open.
        groups: task groups whose block is open.
        closed: every DAG whose block or decorated function has ended; Airflow registers those even if no global
            names them (Airflow 2.4, auto_register).
    """

    def __init__(self) -> None:
        self.dags: list[DAG] = []
        self.groups: list[TaskGroup] = []
        self.closed: list[DAG] = []

    def dag(self) -> DAG | None:
        """Return the innermost open DAG."""
        return self.dags[-1] if self.dags else None

    def group(self, dag: DAG | None) -> TaskGroup | None:
        """Return the innermost open group of `dag`, else the DAG's root group."""
        for group in reversed(self.groups):
            if dag is None or group.dag is dag:
                return group
        return dag.task_group if dag else None


DECLARING = Declaring()
"""`with` blocks have no other way to reach the operators made inside them; one interpreter declares one file."""


def calling_frames(most: int | None = None) -> tuple[Frame, ...]:
    """Return where the declaration was called from, innermost first, without dagserial's own frames."""
    frames: list[Frame] = []
    frame = sys._getframe(1)
    while frame.f_back is not None and len(frames) != most:
        frame = frame.f_back
        if not frame.f_globals.get("__name__", "").startswith("dagserial."):
            frames.append((frame.f_code.co_filename, frame.f_lineno))
    return tuple(frames)
