"""Say what a resource is: a path, what it answers, and the page that shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from dagserial.web.asked import Asked

NO_CACHE = "no-cache"
NO_STORE = "no-store"
IMMUTABLE = "public, max-age=31536000, immutable"
HOUR = "public, max-age=3600"


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


@dataclass(frozen=True)
class Elsewhere:
    """The answer is that of another resource, or of this one elsewhere; asked anew each time."""

    name: str
    place: Mapping[str, str]


@dataclass(frozen=True)
class Written:
    """An answer that is bytes already.

    Attributes:
        tag: strong validator; None: that of the bytes.
        headers: beside those of every answer.
    """

    body: bytes
    media_type: str = "application/json"
    tag: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A thing with a URL.

    Attributes:
        name: by which links are made; the operation of the API.
        path: behind `/api/v1` as JSON, and as it is as a page; without suffix.
        read: makes the answer, or says where it is.
        answer: the struct that `read` returns; None where it returns bytes alone.
        summary: what it is, for the description of the API.
        query: the parameters that it takes.
        problems: what may go wrong, beside what may always.
        cache: its Cache-Control.
        page: template of its page; None without one.
        draw: makes what the page needs beside the answer.
        page_query: the parameters that its page takes, those of `query` among them; None: the same.
        is_exact: served under its path alone, without suffix.
        media_type: of the bytes that it answers.
    """

    name: str
    path: str
    read: Callable[[Asked], msgspec.Struct | Written | Elsewhere]
    answer: type[msgspec.Struct] | None
    summary: str
    query: type[msgspec.Struct] = NoQuery
    problems: tuple[str, ...] = ()
    cache: str = NO_CACHE
    page: str | None = None
    draw: Callable[[Asked, Any], Mapping[str, Any]] | None = None
    page_query: type[msgspec.Struct] | None = None
    is_exact: bool = False
    media_type: str = "application/json"
