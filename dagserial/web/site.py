"""Hold what all requests to one app share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jinja2 import Environment
from starlette.requests import Request
from starlette.routing import Router

from dagserial.web.database import Database
from dagserial.web.pages import environment
from dagserial.web.repository import ServedRepository

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
    router: Router = field(default_factory=Router)
    templates: Environment = field(default_factory=environment)
