"""Answer with records: their exact bytes, what they say, and what points at them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from dagserial.diff.outputs.redaction import redacted_body
from dagserial.digest import Digest
from dagserial.formats import v2
from dagserial.record import FORMAT, Record
from dagserial.store.referrers import Referrer, is_referrer_key, referrer_key, referrer_page
from dagserial.web.asked import Asked
from dagserial.web.outline import Outline, outline_of
from dagserial.web.pagination import Page, PageQuery, cut, key_after
from dagserial.web.problems import RequestError
from dagserial.web.records import digest_of, readable_at, record_at, repr_digest, whole_digest
from dagserial.web.resource import Elsewhere, Written

OBJECT_TYPE = "application/vnd.dagserial.record.v2+json"
"""What the bytes of a record are; those of an older format say so in their name."""


def body_of(asked: Asked) -> Written | Elsewhere:
    """Return the bytes of a record as they were put; the start of a digest leads to the whole."""
    text = asked.place["digest"]
    digest = whole_digest(asked, text)
    if digest != text:
        return Elsewhere("object", {"digest": digest})
    return written(record_at(asked, digest))


def written(record: Record) -> Written:
    """Return the bytes of a record with what is said of them."""
    headers = {"Repr-Digest": repr_digest(record.digest)}
    return Written(record.body, OBJECT_TYPE.replace("v2", f"v{record.format}"), f'"{record.digest}"', headers)


class ViewQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"as_": "as"}):
    """How a record is read.

    Attributes:
        as_: the format in which it is shown; only the current one.
    """

    as_: Literal["v2"] = "v2"


class RecordView(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says, read as the current format.

    Attributes:
        format: that of the stored bytes.
        record: the record in format 2, without what looks like a secret.
    """

    digest: Digest
    dag_id: str
    format: int
    size: int
    outline: Outline
    record: dict[str, Any]
    links: dict[str, str]


def view(asked: Asked) -> RecordView:
    """Return what a record says."""
    record = readable_at(asked, digest_of(asked.place["digest"]))
    return RecordView(
        digest=record.digest,
        dag_id=record.dag_id,
        format=record.format,
        size=len(record.body),
        outline=outline_of(record),
        record=shown(record),
        links={
            "body": asked.url("object", digest=record.digest),
            "referrers": asked.url("referrers", digest=record.digest),
            "dag": asked.url("dag", dag_id=record.dag_id),
        },
    )


def shown(record: Record) -> dict[str, Any]:
    """Return a record in the current format as it may be shown."""
    body = record.body if record.format == FORMAT else v2.encode(record.dag())
    return redacted_body(msgspec.json.decode(body))


class ReferrerRow(Referrer, frozen=True, kw_only=True, omit_defaults=True):
    """What points at a record.

    Attributes:
        kind: a version of a DAG, a run, or a task instance that ran another record than its run.
    """

    kind: Literal["version", "run", "task_instance"]
    url: str


class ReferrerPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """What points at a record: versions, then runs, then task instances, each by id."""

    digest: Digest
    referrers: list[ReferrerRow]


_KINDS: tuple[Literal["version", "run", "task_instance"], ...] = ("version", "run", "task_instance")


def referrers(asked: Asked) -> ReferrerPage:
    """Return what points at a record that the caller may see; nothing points at one that is not there."""
    digest = digest_of(asked.place["digest"])
    query: PageQuery = asked.query
    after: tuple[int, list[Any]] | None = key_after(asked, "referrers", tuple[int, list[Any]])
    if after is not None and not is_referrer_key(*after):
        raise RequestError("cursor", "the cursor is none that this server made")
    found = referrer_page(asked.session, digest, after=after, limit=query.limit + 1)
    # Whatever points at a record is of its DAG.
    seen = [(kind, one) for kind, one in found if asked.may_see(one.dag_id)]
    shown, where = cut(asked, "referrers", seen, lambda one: referrer_key(*one))
    return ReferrerPage(digest=digest, referrers=[_row(asked, kind, one) for kind, one in shown], **where)


def _row(asked: Asked, kind: int, one: Referrer) -> ReferrerRow:
    if kind == 0:
        url = asked.url("version", dag_id=one.dag_id, number=one.number)
    else:
        url = asked.url("run", dag_id=one.dag_id, run_id=one.run_id)
    return ReferrerRow(kind=_KINDS[kind], url=url, **msgspec.structs.asdict(one))
