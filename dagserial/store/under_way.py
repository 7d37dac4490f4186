"""Count the DagRuns of a DAG that are under way, and their task instances."""

from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dagserial.store.tables import dag_run, is_instance_of_run, task_instance

_UNDER_WAY = ("queued", "running")
"""States of a DagRun that has not ended, `airflow.utils.state.DagRunState`."""
_ENDED = ("failed", "removed", "skipped", "success", "upstream_failed")
"""States of a task instance that has ended, `airflow.utils.state.TerminalTIState`, and the one of what its DAG lost."""
_NO_STATUS = "no_status"
"""What Airflow's pages call a task instance without a state."""


class UnderWay(NamedTuple):
    """What of a DAG is under way.

    Attributes:
        runs: how many are queued or running, by whether they are pinned, and state.
        instances: how many of their task instances have not ended, by whether the run is pinned, task_id, map_index and
            state; that is `no_status` where there is none.
    """

    runs: dict[tuple[bool, str], int]
    instances: dict[tuple[bool, str, int, str], int]


def under_way(session: Session, dag_id: str) -> UnderWay:
    """Count the DagRuns of a DAG that are queued or running, and their task instances that have not ended.

    A run is pinned if it has a `bundle_version`. One whose state is not known is not counted.
    """
    is_ours = (dag_run.c.dag_id == dag_id) & dag_run.c.state.in_(_UNDER_WAY)
    is_pinned = dag_run.c.bundle_version.is_not(None)
    runs = select(is_pinned, dag_run.c.state, func.count()).where(is_ours).group_by(is_pinned, dag_run.c.state)
    state = task_instance.c.state
    columns = is_pinned, task_instance.c.task_id, task_instance.c.map_index, state
    has_not_ended = or_(state.is_(None), state.not_in(_ENDED))
    instances = (
        select(*columns, func.count())
        .join(dag_run, is_instance_of_run)
        .where(is_ours, has_not_ended)
        .group_by(*columns)
    )
    return UnderWay(
        {(bool(pinned), one): count for pinned, one, count in session.execute(runs)},
        {
            (bool(pinned), task_id, map_index, one or _NO_STATUS): count
            for pinned, task_id, map_index, one, count in session.execute(instances)
        },
    )
