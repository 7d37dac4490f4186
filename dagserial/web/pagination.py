"""Cut lists into pages by keys, and give each a cursor that fits its query alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Any, TypedDict, TypeVar

import msgspec

from dagserial.web.asked import Asked
from dagserial.web.problems import RequestError

Limit = Annotated[int, msgspec.Meta(ge=1, le=500, description="Rows of a page, 1 to 500.")]
Cursor = Annotated[str, msgspec.Meta(max_length=4096, description="The cursor that the page before gave as `next`.")]

_Row = TypeVar("_Row")

_BOUND = 12
"""Bytes of the digest by which a cursor knows its query."""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list is asked for."""

    limit: Limit = 100
    after: Cursor | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every page of a list says of itself.

    Attributes:
        next: cursor of the next page; absent on the last one.
        next_url: where the next page is.
    """

    next: str | None = None
    next_url: str | None = None


class Following(TypedDict, total=False):
    """The fields of `Page`; none on the last page."""

    next: str
    next_url: str


def cut(
    asked: Asked, name: str, found: list[_Row], key: Callable[[_Row], Sequence[Any]]
) -> tuple[list[_Row], Following]:
    """Return the rows of a page, and where the next one is.

    Args:
        name: of the list.
        found: more rows than a page holds if others follow it.
        key: gives that of a row by which rows are in order.
    """
    limit = asked.query.limit
    rows = found[:limit]
    return rows, following(asked, name, key(rows[-1])) if len(found) > limit else {}


def following(asked: Asked, name: str, key: Sequence[Any]) -> Following:
    """Return where the rows of a list behind a key are."""
    packed = msgspec.json.encode([_bound(asked, name), *key], enc_hook=str)
    after = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
    return {"next": after, "next_url": asked.this_url(after=after)}


def key_after(asked: Asked, name: str, form: type[Any]) -> Any:
    """Return the key behind which a page begins; None for the first page.

    Args:
        name: of the list.
        form: the type of the key, a tuple.

    Raises:
        RequestError: the cursor is none, or belongs to another query.
    """
    after = asked.query.after
    if after is None:
        return None
    try:
        text = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        bound, *key = msgspec.json.decode(text, type=list[Any])
        if bound != _bound(asked, name):
            raise RequestError("cursor", "the cursor was made for another list, or for other filters")
        return msgspec.convert(key, form)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise RequestError("cursor", "the cursor is none that this server made") from error


def _bound(asked: Asked, name: str) -> str:
    """Return a digest of what a cursor belongs to: the list and its filters, not the size of its pages."""
    said = msgspec.to_builtins(asked.query)
    filters = {key: value for key, value in said.items() if key not in ("limit", "after", "count")}
    return sha256(msgspec.json.encode([name, asked.place, filters], order="sorted")).hexdigest()[: 2 * _BOUND]
