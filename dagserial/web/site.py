"""Hold what all requests to one app share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import Environment
from starlette.requests import Request
from starlette.routing import Router

from dagserial.drawing import Layout
from dagserial.recent import Recent
from dagserial.record import Record
from dagserial.web.database import Database
from dagserial.web.outline import Outline
from dagserial.web.pages import environment
from dagserial.web.repository import ServedRepository

if TYPE_CHECKING:
    from dagserial.web.resource import Resource

_RECORDS = 64 * 1024 * 1024
"""Bytes that records take in memory."""
_OUTLINES = 20_000
"""How many outlines are remembered."""
_DIFFS = 16 * 1024 * 1024
"""Bytes that diffs take in memory."""

_LAYOUTS = 32 * 1024 * 1024
"""Bytes, roughly, that layouts of graphs take in memory."""

Authorize = Callable[[Request, str | None], bool]
"""Whether the caller may see a DAG; or, of None, use the service at all."""


@dataclass
class Site:
    """What all requests share; nothing of it is written to after the app is made, but caches, which are bounded.

    Attributes:
        authorize: None: everybody may see everything.
        seconds: that an answer may take.
    """

    database: Database
    repository: ServedRepository | None = None
    authorize: Authorize | None = None
    seconds: float = 30.0
    records: Recent[str, Record] = field(default_factory=lambda: Recent(_RECORDS))
    outlines: Recent[str, Outline] = field(default_factory=lambda: Recent(_OUTLINES))
    diffs: Recent[str, bytes] = field(default_factory=lambda: Recent(_DIFFS))
    layouts: Recent[bytes, Layout] = field(default_factory=lambda: Recent(_LAYOUTS))
    resources: tuple[Resource, ...] = ()
    router: Router = field(default_factory=Router)
    templates: Environment = field(default_factory=environment)
