"""Cut lists into pages by keys, and give each a cursor that fits its query alone."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Any

import msgspec

from dagserial.web.problems import RequestError

Limit = Annotated[int, msgspec.Meta(ge=1, le=500, description="Rows of a page, 1 to 500.")]
Cursor = Annotated[str, msgspec.Meta(max_length=4096, description="The cursor that the page before gave as `next`.")]

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


def cursor(name: str, query: PageQuery, place: dict[str, str], key: Sequence[Any]) -> str:
    """Return the cursor that stands behind a row.

    Args:
        name: of the list.
        place: what its path says.
        key: by which its rows are in order.
    """
    packed = msgspec.json.encode([_bound(name, query, place), *key], enc_hook=str)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def key_after(name: str, query: PageQuery, place: dict[str, str], form: type[Any]) -> Any:
    """Return the key behind which a page begins; None for the first page.

    Args:
        form: the type of the key, a tuple.

    Raises:
        RequestError: the cursor is none, or belongs to another query.
    """
    if query.after is None:
        return None
    try:
        text = base64.b64decode(query.after + "=" * (-len(query.after) % 4), altchars=b"-_", validate=True)
        bound, *key = msgspec.json.decode(text, type=list[Any])
        if bound != _bound(name, query, place):
            raise RequestError("cursor", "the cursor was made for another list, or for other filters")
        return msgspec.convert(key, form)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise RequestError("cursor", "the cursor is none that this server made") from error


def _bound(name: str, query: PageQuery, place: dict[str, str]) -> str:
    """Return a digest of what a cursor belongs to: the list and its filters, not the size of its pages."""
    filters = {
        key: value for key, value in msgspec.to_builtins(query).items() if key not in ("limit", "after", "count")
    }
    return sha256(msgspec.json.encode([name, place, filters], order="sorted")).hexdigest()[: 2 * _BOUND]
