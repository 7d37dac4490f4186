"""List DAGs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from dagserial.digest import Digest
from dagserial.store.listing import count_dags, dag_ids, newest_versions
from dagserial.web.asked import Asked
from dagserial.web.pagination import Page, PageQuery, cursor, key_after

_TEXT = msgspec.Meta(max_length=250)


class DagQuery(PageQuery, frozen=True, kw_only=True):
    """Which DAGs are asked for.

    Attributes:
        q: those whose id holds this text, whatever its case.
        count: 1 to count all that there are.
    """

    q: Annotated[str, _TEXT] = ""
    count: Annotated[int, msgspec.Meta(ge=0, le=1)] = 0


class DagRow(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG in a list.

    Attributes:
        version: number of its newest version.
        digest: of the record of that.
        created_at: when that was put, in UTC.
    """

    dag_id: str
    version: int
    digest: Digest
    created_at: datetime
    url: str


class DagPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """DAGs, by id.

    Attributes:
        total: how many there are on all pages; only where it was asked for.
    """

    dags: list[DagRow]
    total: int | None = None


def listed(asked: Asked) -> DagPage:
    """Return a page of DAGs."""
    query: DagQuery = asked.query
    key = key_after("dags", query, asked.place, tuple[str])
    among = visible_ids(asked)
    found = newest_versions(
        asked.session,
        after=key[0] if key else None,
        containing=query.q,
        among=among,
        limit=query.limit + 1,
    )
    rows = [
        DagRow(
            dag_id=one.dag_id,
            version=one.number,
            digest=one.digest,
            created_at=one.created_at,
            url=asked.url("dags"),
        )
        for one in found[: query.limit]
    ]
    after = cursor("dags", query, asked.place, [rows[-1].dag_id]) if len(found) > query.limit else None
    total = count_dags(asked.session, containing=query.q, among=among) if query.count else None
    return DagPage(dags=rows, total=total, next=after, next_url=after and asked.this_url(after=after))


def visible_ids(asked: Asked) -> list[str] | None:
    """Return the DAGs that the caller may see; None where everybody may see all."""
    if asked.site.authorize is None:
        return None
    return [dag_id for dag_id in dag_ids(asked.session) if asked.may_see(dag_id)]
