"""Serve the files that pages need: those that come with this package, by their names."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dagserial.drawing import STYLE
from dagserial.web.answering import refusal
from dagserial.web.conditional import entity_tag, is_held
from dagserial.web.problems import RequestError
from dagserial.web.resource import HOUR
from dagserial.web.site import Site

MEDIA_TYPES = {"graph.css": "text/css", "page.js": "text/javascript", "style.css": "text/css"}
"""Every file there is, and what it is; anybody may have them."""

_FOLDER = Path(__file__).with_name("static")
_ELSEWHERE = {"graph.css": STYLE}
"""Files that belong to another part of the package."""


class FileEndpoint:
    """Answers with a file of a fixed name, read once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._bodies = {name: _ELSEWHERE.get(name, _FOLDER / name).read_bytes() for name in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        request = Request(scope)
        await self._respond(request)(scope, receive, send)

    def _respond(self, request: Request) -> Response:
        name = request.path_params["file"]
        if name not in self._bodies:
            return refusal(self._site, request, RequestError("not_found", "there is no such file"))
        body = self._bodies[name]
        headers = {"ETag": entity_tag(body), "Cache-Control": HOUR}
        if is_held(request.headers.get("if-none-match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=MEDIA_TYPES[name])
