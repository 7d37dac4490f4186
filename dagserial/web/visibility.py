"""Say that a DAG is not there, or is as if it were not."""

from __future__ import annotations

from dagserial.web.asked import Asked
from dagserial.web.problems import RequestError


def check_dag(asked: Asked, dag_id: str) -> None:
    """See to it that the caller may see a DAG.

    Raises:
        RequestError: he may not; it is as if there were none.
    """
    if not asked.may_see(dag_id):
        raise unknown_dag()


def unknown_dag() -> RequestError:
    """Return the problem that there is no such DAG, or none that the caller may see."""
    return RequestError("dag_unknown", "there is no such DAG")
