"""Make what the pages of runs show: each run on the graph of the record that it ran, and runs side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import msgspec

from dagserial.digest import Digest
from dagserial.drawing import Graph, graph_of
from dagserial.errors import DagserialError
from dagserial.model import Dag
from dagserial.model.order import upstream_first
from dagserial.store.run_pages import Tally
from dagserial.web.asked import Asked
from dagserial.web.dag_pages import TASKS, shown_name
from dagserial.web.pictures import PictureQuery, picture_of
from dagserial.web.records import record_at
from dagserial.web.runs import Grid, GridQuery, InstancePage, InstanceQuery, RunAnswer

STATES = (
    *("failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "restarting", "running", "deferred"),
    *("queued", "scheduled", "removed", "skipped", "success"),
)
"""States, what wants to be seen first."""
SIGNS = {
    "failed": "✕",
    "upstream_failed": "↥",
    "up_for_retry": "↻",
    "running": "▸",
    "queued": "…",
    "scheduled": "…",
    "skipped": "↷",
    "removed": "⊘",
}
"""What stands in a cell, for those who do not tell colours apart; a success has none."""


class RunPageQuery(PictureQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run is drawn."""


class GridPageQuery(GridQuery, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """Which runs are shown, and of which tasks on.

    Attributes:
        from_: how many tasks are passed over.
    """

    from_: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a task of a run stands.

    Attributes:
        state: the one that wants to be seen first; empty if none is known.
        words: all states with how many instances are in each.
        is_other: an instance ran another record than the run.
    """

    state: str
    words: str
    is_mapped: bool
    is_other: bool


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A task of a run in a grid; there is no `standing` where nothing is known of it."""

    is_there: bool
    standing: Standing | None
    href: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """A task over runs."""

    task_id: str
    cells: list[Cell]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A run in a grid; `changed` leads to the diff from the run before, where that ran another record."""

    run: Any
    href: str
    record_href: str
    changed: str


def known_state(state: str | None) -> str:
    """Return a state as a class of the style; empty if it is none that is known."""
    return state if state in STATES else ""


def standings(tallies: Iterable[Tally]) -> dict[str, Standing]:
    """Return how each task of a run stands."""
    by_task: dict[str, list[Tally]] = {}
    for tally in tallies:
        by_task.setdefault(tally.task_id, []).append(tally)
    return {task_id: _standing(found) for task_id, found in by_task.items()}


def _standing(found: list[Tally]) -> Standing:
    counts: Counter[str] = Counter()
    for tally in found:
        counts[tally.state or "no state"] += tally.count
    ordered = sorted(counts, key=lambda state: (STATES.index(state) if state in STATES else len(STATES), state))
    words = ", ".join(state if sum(counts.values()) == 1 else f"{counts[state]} {state}" for state in ordered)
    return Standing(
        state=ordered[0],
        words=words,
        is_mapped=any(tally.is_mapped for tally in found),
        is_other=any(tally.digest is not None for tally in found),
    )


def run_page(asked: Asked, answer: RunAnswer) -> Mapping[str, Any]:
    """Return the graph of a run as it was, with how its tasks stand."""
    dag = record_at(asked, answer.digest).dag()
    stand = standings(answer.tasks)
    link = instance_link(asked, answer.dag_id, answer.run_id)
    graph = _with_states(graph_of(dag, link=link, shown=shown_name), stand)
    picture = picture_of(asked, graph, f"Run {answer.run_id} of {answer.dag_id}")
    tasks = [(task_id, stand.get(task_id), link(task_id)) for task_id in sorted(dag.tasks)]
    beyond = [(task_id, stand[task_id], link(task_id)) for task_id in sorted(stand.keys() - dag.tasks.keys())]
    others = [(other, asked.page_url("diff", range=f"{answer.digest}..{other.digest}")) for other in answer.others]
    shown = {"tasks": tasks[: 5 * TASKS], "left_out": max(0, len(tasks) - 5 * TASKS)}
    return {**shown, "picture": picture, "beyond": beyond, "others": others, "known_state": known_state}


def _with_states(graph: Graph, stand: Mapping[str, Standing]) -> Graph:
    nodes = []
    for node in graph.nodes:
        found = stand.get(node.id) if node.kind == "task" else None
        if found is not None:
            words = f"{found.words}{', another record' if found.is_other else ''}"
            classes = tuple(filter(None, [known_state(found.state), "other" if found.is_other else ""]))
            node = msgspec.structs.replace(node, note=words, title=f"{node.id}: {words}", classes=classes)
        nodes.append(node)
    return Graph(tuple(nodes), graph.boxes, graph.edges)


def instance_link(asked: Asked, dag_id: str, run_id: str) -> Any:
    """Return what makes links to the instances of a task of a run."""
    there = asked.page_url("run_instances", dag_id=dag_id, run_id=run_id)
    return lambda task_id: f"{there}?task_id={quote(task_id, safe='')}"


def grid_page(asked: Asked, answer: Grid) -> Mapping[str, Any]:
    """Return runs side by side, oldest first, each with the tasks of the record that it ran."""
    dags = {digest: _dag(asked, digest) for digest in dict.fromkeys(run.digest for run in answer.runs)}
    order = _rows(dags.values())
    first = min(asked.query.from_, max(0, len(order) - 1))
    shown = order[first : first + TASKS]
    by_run: dict[str, list[Tally]] = {}
    for tally in answer.tallies:
        by_run.setdefault(tally.run_id, []).append(tally)
    runs = answer.runs[::-1]
    stand = {run.run_id: standings(by_run.get(run.run_id, [])) for run in runs}
    links = {run.run_id: instance_link(asked, run.dag_id, run.run_id) for run in runs}
    rows = []
    for task_id in shown:
        cells = []
        for run in runs:
            dag = dags[run.digest]
            is_there = (dag is not None and task_id in dag.tasks) or task_id in stand[run.run_id]
            href = links[run.run_id](task_id) if is_there else ""
            cells.append(Cell(is_there=is_there, standing=stand[run.run_id].get(task_id), href=href))
        rows.append(Row(task_id=task_id, cells=cells))
    more = asked.here(**{"from": first + TASKS}) if first + TASKS < len(order) else ""
    columns = _columns(asked, runs)
    return {
        "columns": columns,
        "rows": rows,
        "more": more,
        "count": len(order),
        "known_state": known_state,
        "signs": SIGNS,
    }


def _columns(asked: Asked, runs: list[Any]) -> list[Column]:
    found = []
    for before, run in zip([None, *runs], runs, strict=False):
        is_other = before is not None and before.digest != run.digest
        found.append(
            Column(
                run=run,
                href=asked.page_url("run", dag_id=run.dag_id, run_id=run.run_id),
                record_href=asked.page_url("object_view", digest=run.digest),
                changed=asked.page_url("diff", range=f"{before.digest}..{run.digest}") if is_other and before else "",
            )
        )
    return found


def _dag(asked: Asked, digest: Digest) -> Dag | None:
    try:
        return record_at(asked, digest).dag()
    except DagserialError:
        return None  # its cells say that nothing is known


def _rows(dags: Iterable[Dag | None]) -> list[str]:
    """Return all tasks of some DAGs, the first one's in the order in which they run, then those of others."""
    order: dict[str, None] = {}
    for dag in dags:
        if dag is not None:
            before = {task_id: dag.tasks[task_id].upstream for task_id in sorted(dag.tasks)}
            order |= dict.fromkeys(upstream_first(before))
    return list(order)


def instances_page(asked: Asked, answer: InstancePage) -> Mapping[str, Any]:
    """Return links that show the instances in one state alone, or in another order."""
    states = {state: asked.here(state=state, after=None) for state in STATES}
    query: InstanceQuery = asked.query
    orders = {
        name: asked.here(order=f"-{name}" if query.order == name else name, after=None) for name in ("index", "state")
    }
    links = {
        "run": asked.page_url("run", dag_id=answer.dag_id, run_id=answer.run_id),
        "all": asked.here(state=None, after=None),
    }
    return {"states": states, "orders": orders, "links": links, "known_state": known_state}
