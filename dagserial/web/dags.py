"""Answer with DAGs: lists of them, their versions, and the records that they were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from dagserial.diff.outputs.redaction import redacted_value
from dagserial.digest import Digest
from dagserial.store.keeping import records_of
from dagserial.store.listing import count_dags, dag_ids, newest_versions
from dagserial.store.version_pages import (
    Meant,
    count_versions,
    records_of_dag,
    version_at,
    version_page,
)
from dagserial.store.versions import Origin, Version
from dagserial.web.asked import Asked
from dagserial.web.outline import UNREADABLE, Outline, outline_of
from dagserial.web.pagination import Following, Page, PageQuery, cut, following, key_after
from dagserial.web.problems import RequestError
from dagserial.web.visibility import check_dag, unknown_dag

_TEXT = msgspec.Meta(max_length=250)
_MOST_LOOKED_AT = 2000
"""DAGs that one request with a tag looks at; a page may be shorter for it, and says where to go on."""

Count = Annotated[int, msgspec.Meta(ge=0, le=1, description="1: count all that there are.")]


class DagQuery(PageQuery, frozen=True, kw_only=True):
    """Which DAGs are asked for."""

    q: Annotated[str, msgspec.Meta(max_length=250, description="Ids that hold this text, whatever its case.")] = ""
    tag: Annotated[str, msgspec.Meta(max_length=250, description="DAGs with this tag.")] | None = None
    count: Count = 0


class HistoryQuery(PageQuery, frozen=True, kw_only=True):
    """Which versions of a DAG count."""

    ref: Annotated[str, msgspec.Meta(max_length=250, description="Versions put from this ref.")] | None = None


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a DAG.

    Attributes:
        number: from 1; the newest is the largest.
        digest: of its record.
        created_at: when it was put, in UTC.
        origin: where it came from, as far as that is known; without what looks like a secret.
    """

    dag_id: str
    number: int
    digest: Digest
    created_at: datetime
    origin: Origin
    outline: Outline
    url: str
    record_url: str


class DagRow(VersionRow, frozen=True, kw_only=True):
    """A DAG in a list: its newest version."""


class DagPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """DAGs, by id.

    Attributes:
        total: how many there are on all pages; only where it was asked for, and no tag was.
    """

    dags: list[DagRow]
    total: int | None = None


class DagAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG.

    Attributes:
        versions: how many it has.
    """

    dag_id: str
    versions: int
    newest: VersionRow
    links: dict[str, str]


class VersionPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """Versions of a DAG, newest first."""

    dag_id: str
    versions: list[VersionRow]
    total: int | None = None


class VersionQuery(PageQuery, frozen=True, kw_only=True):
    """Which versions are asked for."""

    count: Count = 0


class MeantRow(Meant, frozen=True, kw_only=True):
    """A record that a DAG was."""

    record_url: str


class RecordHistory(Page, frozen=True, kw_only=True, omit_defaults=True):
    """The records that a DAG was, each once, the one that it was last first."""

    dag_id: str
    records: list[MeantRow]


def listed(asked: Asked) -> DagPage:
    """Return a page of DAGs."""
    query: DagQuery = asked.query
    key = key_after(asked, "dags", tuple[str])
    among = visible_ids(asked)
    found, last = _with_tag(asked, query, key[0] if key else None, among)
    counted = query.count and query.tag is None
    total = count_dags(asked.session, containing=query.q, among=among) if counted else None
    where: Following = {} if last is None else following(asked, "dags", [last])
    return DagPage(dags=found, total=total, **where)


def _with_tag(
    asked: Asked, query: DagQuery, after: str | None, among: list[str] | None
) -> tuple[list[DagRow], str | None]:
    """Return the DAGs of a page, and the id behind which the next begins; None if there is none."""
    found: list[DagRow] = []
    looked_at = 0
    while True:
        versions = newest_versions(asked.session, after=after, containing=query.q, among=among, limit=query.limit + 1)
        kept = versions[: query.limit]
        outlines = outlined(asked, kept)
        for version in kept:
            outline = outlines[version.digest]
            if query.tag is None or query.tag in outline.tags:
                found.append(DagRow(**_row_fields(asked, version, outline, "dag")))
            after, looked_at = version.dag_id, looked_at + 1
            if len(found) == query.limit:
                return found, None if version is versions[-1] else after
        if len(versions) <= query.limit:
            return found, None
        if looked_at >= _MOST_LOOKED_AT:
            return found, after


def visible_ids(asked: Asked) -> list[str] | None:
    """Return the DAGs that the caller may see; None where everybody may see all."""
    if asked.site.authorize is None:
        return None
    return [dag_id for dag_id in dag_ids(asked.session) if asked.may_see(dag_id)]


def one(asked: Asked) -> DagAnswer:
    """Return a DAG."""
    dag_id = asked.place["dag_id"]
    check_dag(asked, dag_id)
    newest = version_page(asked.session, dag_id, limit=1)
    if not newest:
        raise unknown_dag()
    links = {
        "versions": asked.url("dag_versions", dag_id=dag_id),
        "history": asked.url("dag_history", dag_id=dag_id),
        "runs": asked.url("dag_runs", dag_id=dag_id),
        "grid": asked.url("dag_grid", dag_id=dag_id),
    }
    count = count_versions(asked.session, dag_id)
    return DagAnswer(dag_id=dag_id, versions=count, newest=rows_of(asked, newest)[0], links=links)


def versions(asked: Asked) -> VersionPage:
    """Return a page of the versions of a DAG."""
    dag_id, query = asked.place["dag_id"], asked.query
    check_dag(asked, dag_id)
    key = key_after(asked, "dag_versions", tuple[int])
    found = version_page(asked.session, dag_id, before=key[0] if key else None, limit=query.limit + 1)
    if not found and key is None:
        raise unknown_dag()
    shown, where = cut(asked, "dag_versions", found, lambda version: [version.number])
    total = count_versions(asked.session, dag_id) if query.count else None
    return VersionPage(dag_id=dag_id, versions=rows_of(asked, shown), total=total, **where)


def version(asked: Asked) -> VersionRow:
    """Return one version of a DAG."""
    dag_id, text = asked.place["dag_id"], asked.place["number"]
    check_dag(asked, dag_id)
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    found = version_at(asked.session, dag_id, int(text)) if is_number else None
    if found is None:
        raise RequestError("version_unknown", "there is no such version")
    return rows_of(asked, [found])[0]


def history(asked: Asked) -> RecordHistory:
    """Return the records that a DAG was."""
    dag_id = asked.place["dag_id"]
    query: HistoryQuery = asked.query
    check_dag(asked, dag_id)
    key = key_after(asked, "dag_history", tuple[int])
    before = key[0] if key else None
    found = records_of_dag(asked.session, dag_id, ref=query.ref, before=before, limit=query.limit + 1)
    if not found and not version_page(asked.session, dag_id, limit=1):
        raise unknown_dag()
    shown, where = cut(asked, "dag_history", found, lambda meant: [meant.last_number])
    rows = [
        MeantRow(**msgspec.structs.asdict(meant), record_url=asked.url("object", digest=meant.digest))
        for meant in shown
    ]
    return RecordHistory(dag_id=dag_id, records=rows, **where)


def rows_of(asked: Asked, found: Sequence[Version]) -> list[VersionRow]:
    """Return versions as they are answered, their records looked at all at once."""
    outlines = outlined(asked, found)
    return [VersionRow(**_row_fields(asked, version, outlines[version.digest], "version")) for version in found]


def outlined(asked: Asked, found: Sequence[Version]) -> dict[Digest, Outline]:
    """Return the outlines of versions, by digest; a record that is damaged says so."""
    known = {version.digest: asked.site.outlines.get(version.digest) for version in found}
    missing = [digest for digest, outline in known.items() if outline is None]
    outlines = {digest: outline for digest, outline in known.items() if outline is not None}
    for digest, record in records_of(asked.session, missing):
        outlines[digest] = UNREADABLE if record is None else outline_of(record)
        if record is not None:
            asked.site.outlines.put(digest, outlines[digest], 1)
    return outlines


def _row_fields(asked: Asked, version: Version, outline: Outline, name: str) -> dict[str, Any]:
    place: dict[str, object] = {"dag_id": version.dag_id}
    if name == "version":
        place["number"] = version.number
    return {
        **{field: getattr(version, field) for field in ("dag_id", "number", "digest", "created_at")},
        "origin": shown_origin(version.origin),
        "outline": outline,
        "url": asked.url(name, **place),
        "record_url": asked.url("object", digest=version.digest),
    }


def shown_origin(origin: Origin) -> Origin:
    """Return where a version came from without what looks like a secret."""
    texts = {name: redacted_value(getattr(origin, name)) for name in ("ref", "note", "labels", "file")}
    return msgspec.structs.replace(origin, **texts)
