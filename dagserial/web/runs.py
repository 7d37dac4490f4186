"""Answer with runs: lists of them, what each ran, and how its task instances stand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from dagserial.diff.outputs.redaction import redacted_value
from dagserial.digest import Digest
from dagserial.store.instances import Instance
from dagserial.store.run_pages import (
    RunFilter,
    RunKey,
    Tally,
    count_runs,
    instance_page,
    mapped_lengths,
    newest_runs,
    tallies,
)
from dagserial.store.runs import Run, other_records, run_at
from dagserial.web.asked import Asked
from dagserial.web.dags import Count, visible_ids
from dagserial.web.pagination import Following, Page, PageQuery, cut, key_after
from dagserial.web.problems import RequestError
from dagserial.web.records import digest_of
from dagserial.web.resource import Elsewhere
from dagserial.web.visibility import check_dag

_MOST_OTHERS = 500
"""Task instances of a mixed run that are named for each record."""


DigestText = Annotated[
    str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$", description="Runs of which a part ran this record.")
]


class DagRunQuery(PageQuery, frozen=True, kw_only=True):
    """Which runs of a DAG are asked for."""

    state: Annotated[str, msgspec.Meta(max_length=30, description="Runs in this state.")] | None = None
    digest: DigestText | None = None
    count: Count = 0


class RunQuery(DagRunQuery, frozen=True, kw_only=True):
    """Which runs are asked for."""

    dag_id: Annotated[str, msgspec.Meta(max_length=250, description="Runs of this DAG.")] | None = None


class RunRow(Run, frozen=True, kw_only=True):
    """A stamped run; its conf without what looks like a secret."""

    url: str
    record_url: str


class RunPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """Runs, the one that was stamped last first.

    Attributes:
        total: how many there are on all pages; only where it was asked for.
    """

    runs: list[RunRow]
    total: int | None = None


class InstanceKey(msgspec.Struct, frozen=True):
    """A task instance of a run."""

    task_id: str
    map_index: int


class OtherRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a part of a mixed run ran.

    Attributes:
        count: how many task instances ran it.
        instances: the first 500 of them.
    """

    digest: Digest
    count: int
    instances: list[InstanceKey]
    record_url: str


class RunAnswer(RunRow, frozen=True, kw_only=True):
    """A run.

    Attributes:
        others: what else than its record was run in it; a run with any is mixed.
        tasks: how its tasks stand, by task_id and state.
    """

    others: list[OtherRecord]
    tasks: list[Tally]
    links: dict[str, str]


class InstanceQuery(PageQuery, frozen=True, kw_only=True):
    """Which task instances are asked for."""

    task_id: Annotated[str, msgspec.Meta(max_length=250, description="Instances of this task.")] | None = None
    state: Annotated[str, msgspec.Meta(max_length=30, description="Instances in this state.")] | None = None
    order: Annotated[
        Literal["index", "-index", "state", "-state"],
        msgspec.Meta(description="By task_id and map_index, or by state first; `-` for the other way round."),
    ] = "index"


class MapLength(msgspec.Struct, frozen=True):
    """How long a value is over which tasks are mapped: that of this task instance."""

    task_id: str
    map_index: int
    length: int


class InstancePage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """Task instances of a run, in the order that was asked for."""

    dag_id: str
    run_id: str
    instances: list[Instance]


class MapPage(msgspec.Struct, frozen=True, kw_only=True):
    """How long the values are over which tasks of a run are mapped."""

    dag_id: str
    run_id: str
    lengths: list[MapLength]


class Grid(Page, frozen=True, kw_only=True, omit_defaults=True):
    """Runs of a DAG, newest first, each with how its tasks stand.

    Attributes:
        tallies: of all these runs, by run_id, task_id and state.
    """

    dag_id: str
    runs: list[RunRow]
    tallies: list[Tally]


class GridQuery(PageQuery, frozen=True, kw_only=True):
    """Which runs of a DAG are asked for."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=100, description="Runs of a page, 1 to 100.")] = 25


def listed(asked: Asked) -> RunPage:
    """Return a page of runs of all DAGs, or of one."""
    query: RunQuery = asked.query
    if query.dag_id is not None and not asked.may_see(query.dag_id):
        return RunPage(runs=[], total=0 if query.count else None)
    among = None if query.dag_id is not None else visible_ids(asked)
    return _page(asked, "runs", _filter(query, query.dag_id, among))


def of_dag(asked: Asked) -> RunPage:
    """Return a page of runs of a DAG."""
    check_dag(asked, asked.place["dag_id"])
    return _page(asked, "dag_runs", _filter(asked.query, asked.place["dag_id"], None))


def _filter(query: DagRunQuery, dag_id: str | None, among: list[str] | None) -> RunFilter:
    digest = None if query.digest is None else digest_of(query.digest)
    return RunFilter(dag_id=dag_id, state=query.state, digest=digest, among=among)


def _page(asked: Asked, name: str, wanted: RunFilter) -> RunPage:
    rows, where = _rows(asked, name, wanted)
    total = count_runs(asked.session, wanted) if asked.query.count else None
    return RunPage(runs=rows, total=total, **where)


def _rows(asked: Asked, name: str, wanted: RunFilter) -> tuple[list[RunRow], Following]:
    """Return the runs of a page, and where the next one is."""
    query: PageQuery = asked.query
    key = key_after(asked, name, tuple[datetime, str, str])
    found = newest_runs(asked.session, wanted, after=key and RunKey(*key), limit=query.limit + 1)
    shown, where = cut(asked, name, found, lambda run: [run.created_at, run.dag_id, run.run_id])
    return [_row(asked, run) for run in shown], where


def one(asked: Asked) -> RunAnswer:
    """Return a run."""
    run = _run(asked)
    place = {"dag_id": run.dag_id, "run_id": run.run_id}
    others = [
        OtherRecord(
            digest=digest,
            count=len(instances),
            instances=[InstanceKey(*instance) for instance in instances[:_MOST_OTHERS]],
            record_url=asked.url("object", digest=digest),
        )
        for digest, instances in other_records(asked.session, run.dag_id, run.run_id).items()
    ]
    links = {
        "instances": asked.url("run_instances", **place),
        "maps": asked.url("run_maps", **place),
        "record": asked.url("run_record", **place),
    }
    stand = tallies(asked.session, run.dag_id, [run.run_id])
    return RunAnswer(**_row_fields(asked, run), others=others, tasks=stand, links=links)


def record(asked: Asked) -> Elsewhere:
    """Lead to the record that a run is stamped with."""
    return Elsewhere("object", {"digest": _run(asked).digest})


def instances(asked: Asked) -> InstancePage:
    """Return a page of task instances of a run."""
    run, query = _run(asked), asked.query
    by_state = query.order.endswith("state")
    found = instance_page(
        asked.session,
        (run.dag_id, run.run_id),
        task_id=query.task_id,
        state=query.state,
        by_state=by_state,
        descending=query.order.startswith("-"),
        after=key_after(asked, "run_instances", tuple[str, str, int] if by_state else tuple[str, int]),
        limit=query.limit + 1,
    )
    rows, where = cut(
        asked,
        "run_instances",
        found,
        lambda one: [*([one.state or ""] if by_state else []), one.task_id, one.map_index],
    )
    return InstancePage(dag_id=run.dag_id, run_id=run.run_id, instances=rows, **where)


def maps(asked: Asked) -> MapPage:
    """Return how long the values are over which tasks of a run are mapped."""
    run = _run(asked)
    found = mapped_lengths(asked.session, run.dag_id, run.run_id)
    lengths = [MapLength(task_id, map_index, length) for (task_id, map_index), length in sorted(found.items())]
    return MapPage(dag_id=run.dag_id, run_id=run.run_id, lengths=lengths)


def grid(asked: Asked) -> Grid:
    """Return runs of a DAG with how their tasks stand."""
    dag_id = asked.place["dag_id"]
    check_dag(asked, dag_id)
    rows, where = _rows(asked, "dag_grid", RunFilter(dag_id=dag_id))
    found = tallies(asked.session, dag_id, [row.run_id for row in rows])
    return Grid(dag_id=dag_id, runs=rows, tallies=found, **where)


def _run(asked: Asked) -> Run:
    """Return the run of a path.

    Raises:
        RequestError: there is none that the caller may see.
    """
    dag_id, run_id = asked.place["dag_id"], asked.place["run_id"]
    run = run_at(asked.session, dag_id, run_id) if asked.may_see(dag_id) else None
    if run is None:
        raise RequestError("run_unknown", "there is no such run")
    return run


def _row(asked: Asked, run: Run) -> RunRow:
    return RunRow(**_row_fields(asked, run))


def _row_fields(asked: Asked, run: Run) -> dict[str, Any]:
    conf: Any = None if run.conf is None else redacted_value(run.conf)
    return {
        **msgspec.structs.asdict(run),
        "conf": conf,
        "url": asked.url("run", dag_id=run.dag_id, run_id=run.run_id),
        "record_url": asked.url("object", digest=run.digest),
    }
