"""Put the app together: routes, and what stands before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from dagserial.web.answering import Endpoint, refusal
from dagserial.web.asked import API
from dagserial.web.database import Database
from dagserial.web.exact import RecordEndpoint
from dagserial.web.files import FileEndpoint
from dagserial.web.guard import Guard
from dagserial.web.negotiation import HTML, JSON
from dagserial.web.problems import RequestError
from dagserial.web.repository import ServedRepository
from dagserial.web.resource import Resource
from dagserial.web.resources import RESOURCES
from dagserial.web.site import Authorize, Site


def create_app(
    store_url: str,
    *,
    repo: str | Path | None = None,
    parse: bool = False,
    authorize: Authorize | None = None,
    seconds: float = 30.0,
) -> Starlette:
    """Return an app that serves a store, to be run by any ASGI server or mounted in an app; nothing is opened yet.

    Args:
        store_url: of a database, opened for reading alone when the first request needs it.
        repo: a Git repository whose refs are served, too; it is only read.
        parse: DAG files at refs may be read, in the sandbox.
        authorize: called in a thread with the request and a dag_id: whether the caller may see that DAG; and with
            None: whether he may use the service at all. What he may not see is as if it were not there.
        seconds: that an answer may take.
    """
    served = None if repo is None else ServedRepository(Path(repo), parse)
    site = Site(Database(store_url, seconds=seconds / 2), served, authorize, seconds, resources=RESOURCES)

    def refuse(scope: Scope, error: RequestError) -> Response:
        return refusal(site, Request(scope), error)

    async def not_there(request: Request, _error: Exception) -> Response:
        return refusal(site, request, RequestError("not_found", "there is nothing at this path"))

    @asynccontextmanager
    async def opened(_app: Starlette) -> AsyncIterator[None]:
        """Close the store at the end; an app around this one may leave that out."""
        yield
        site.database.close()

    app = Starlette(
        lifespan=opened,
        routes=list(_routes(site)),
        middleware=[Middleware(Guard, refuse=refuse)],
        exception_handlers={HTTPException: not_there},
    )
    # A redirect would name the host that the client claims to have asked.
    app.router.redirect_slashes = False
    site.router = app.router
    app.state.site = site
    return app


def _routes(site: Site) -> Iterator[Route]:
    """Yield the routes: what is asked for most first, then those with a suffix, then those that negotiate."""
    exact = [resource for resource in RESOURCES if resource.is_exact]
    suffixed = [resource for resource in RESOURCES if not resource.is_exact]
    for resource in exact:
        yield Route(API + resource.path, RecordEndpoint(site, resource), methods=["GET"], name=f"{resource.name}.json")
    yield Route("/static/{file}", FileEndpoint(site), methods=["GET"], name="static")
    for resource in suffixed:
        yield from _with_suffix(site, resource)
    for resource in suffixed:
        yield from _negotiated(site, resource)
    start = next(resource for resource in RESOURCES if resource.name == "index")
    yield Route(API + "/", Endpoint(site, start, (JSON, HTML)), methods=["GET"], name="start")
    yield Route("/", Endpoint(site, start, (HTML, JSON)), methods=["GET"], name="start.page")


def _with_suffix(site: Site, resource: Resource) -> Iterator[Route]:
    endpoint = Endpoint(site, resource, (JSON,))
    yield Route(f"{API}{resource.path}.json", endpoint, methods=["GET"], name=f"{resource.name}.json")
    if resource.page:
        endpoint = Endpoint(site, resource, (HTML,))
        yield Route(f"{resource.path}.html", endpoint, methods=["GET"], name=f"{resource.name}.html")


def _negotiated(site: Site, resource: Resource) -> Iterator[Route]:
    forms = (JSON, HTML) if resource.page else (JSON,)
    yield Route(API + resource.path, Endpoint(site, resource, forms), methods=["GET"], name=resource.name)
    if resource.page:
        endpoint = Endpoint(site, resource, (HTML, JSON))
        yield Route(resource.path, endpoint, methods=["GET"], name=f"{resource.name}.page")
