"""Answer requests for resources: read, write as JSON or as a page, and compare with what the client holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dagserial.errors import DagserialError
from dagserial.web.asked import Asked
from dagserial.web.conditional import entity_tag, is_held
from dagserial.web.negotiation import HTML, JSON, chosen
from dagserial.web.pagination import Page
from dagserial.web.problems import MEDIA_TYPE, RequestError, encoded, translated
from dagserial.web.resource import NO_CACHE, NO_STORE, Elsewhere, Resource, Written
from dagserial.web.site import Site

_LOG = logging.getLogger("dagserial.web")
_MOST_PARAMETERS = 20


class Endpoint:
    """Answers for one resource in one or several forms.

    Args:
        forms: media types; with more than one the client's Accept chooses, and the first is the default.
    """

    def __init__(self, site: Site, resource: Resource, forms: tuple[str, ...]) -> None:
        self._site = site
        self._resource = resource
        self._forms = forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, in a thread, as long as it may take."""
        request = Request(scope)
        try:
            with anyio.fail_after(self._site.seconds):
                response = await anyio.to_thread.run_sync(self._respond, request, abandon_on_cancel=True)
        except TimeoutError:
            response = refusal(self._site, request, RequestError("time_limit", "the answer takes too long"))
        await response(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        form = self._forms[0] if len(self._forms) == 1 else JSON
        asked: Asked | None = None
        try:
            admit(self._site, request)
            if len(self._forms) > 1:
                form = chosen(request.headers.get("accept"), self._forms)
            parameters = (self._resource.page_query if form == HTML else None) or self._resource.query
            asked = Asked(self._site, request, _place(request), _query(request, parameters))
            response = self._answer(asked, form)
        except DagserialError as error:
            response = refusal(self._site, request, translated(error), as_page=form == HTML)
        except Exception:
            _LOG.exception("%s failed", request.scope["path"])
            problem = RequestError("internal", "see the log of the server")
            response = refusal(self._site, request, problem, as_page=form == HTML)
        finally:
            if asked is not None:
                asked.close()
        if len(self._forms) > 1:
            response.headers["Vary"] = "Accept"
        return response

    def _answer(self, asked: Asked, form: str) -> Response:
        answer = self._resource.read(asked)
        if isinstance(answer, Elsewhere):
            make = asked.page_url if form == HTML else asked.url
            headers = {"Location": make(answer.name, **answer.place), "Cache-Control": self._cache(NO_CACHE)}
            return Response(status_code=307, headers=headers)
        written = self._page(asked, answer) if form == HTML else _written(answer)
        tag = written.tag or entity_tag(written.body)
        cache = NO_CACHE if form == HTML else self._resource.cache
        headers = {"ETag": tag, "Cache-Control": self._cache(cache), **written.headers}
        if isinstance(answer, Page) and answer.next_url is not None:
            headers["Link"] = f'<{answer.next_url}>; rel="next"'
        if len(self._forms) > 1:
            headers["Content-Location"] = self._location(asked, form)
        if cache != NO_STORE and is_held(asked.request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(written.body, headers=headers, media_type=written.media_type)

    def _page(self, asked: Asked, answer: msgspec.Struct | Written) -> Written:
        resource = self._resource
        drawn = resource.draw(asked, answer) if resource.draw else {}
        return Written(rendered(asked, str(resource.page), {"answer": answer, **drawn}), HTML)

    def _cache(self, policy: str) -> str:
        """Return a Cache-Control; what depends on who asks is not for caches that others share."""
        if self._site.authorize is None:
            return policy
        return policy.replace("public", "private") if "public" in policy else f"private, {policy}"

    def _location(self, asked: Asked, form: str) -> str:
        make = asked.page_url if form == HTML else asked.url
        query = asked.request.url.query
        return make(self._resource.name, **asked.place) + (f"?{query}" if query else "")


def admit(site: Site, request: Request) -> None:
    """See to it that the caller may use the service at all.

    Raises:
        RequestError: he may not.
    """
    if site.authorize is None or site.authorize(request, None):
        return
    challenge = getattr(site.authorize, "challenge", None)
    if challenge is None:
        raise RequestError("forbidden", "you may not use this service")
    headers = {"WWW-Authenticate": challenge} if challenge else {}
    raise RequestError("unauthenticated", "say who you are", headers=headers)


def refusal(site: Site, request: Request, error: RequestError, *, as_page: bool = False) -> Response:
    """Return the answer to a request that cannot be answered."""
    asked = Asked(site, request, {}, None)
    problem = error.problem(asked.url("problem", code=error.kind.code))
    headers = {"Cache-Control": NO_STORE, **error.headers}
    if as_page:
        body = rendered(asked, "problem.html", {"answer": problem})
        return Response(body, problem.status, headers, HTML)
    return Response(encoded(problem), problem.status, headers, MEDIA_TYPE)


def rendered(asked: Asked, template: str, context: Mapping[str, Any]) -> bytes:
    """Return a page."""
    return asked.site.templates.get_template(template).render(asked=asked, **context).encode()


def _written(answer: msgspec.Struct | Written) -> Written:
    return answer if isinstance(answer, Written) else Written(encoded(answer), JSON)


def _place(request: Request) -> dict[str, str]:
    return {name: unquote(value) for name, value in request.path_params.items() if name in _placed(request)}


def _placed(request: Request) -> set[str]:
    """Return the names in the path of the route; an app around this one may have parameters of its own."""
    return set(request.scope["route"].param_convertors)


def _query(request: Request, form: type[msgspec.Struct]) -> Any:
    """Return the parameters of a request, checked.

    Raises:
        RequestError: one is not known, given twice, or wrong.
    """
    text = request.scope.get("query_string", b"").decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS, errors="strict")
    except ValueError as error:
        raise RequestError("parameter", "the query is malformed, or has too many parameters") from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise RequestError("parameter", "a parameter is given twice")
    if any("\0" in value for value in found.values()):
        raise RequestError("parameter", "a parameter holds NUL")
    try:
        return msgspec.convert(found, form, strict=False)
    except msgspec.ValidationError as error:
        code = "limit" if "$.limit" in str(error) else "parameter"
        raise RequestError(code, str(error)) from None
