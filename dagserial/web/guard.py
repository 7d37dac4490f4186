"""Refuse what no request may be, and send with every answer what keeps browsers safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dagserial.web.problems import RequestError

LONGEST_URL = 8 * 1024
"""Bytes of a path with its query."""
LARGEST_HEADERS = 32 * 1024
"""Bytes of all headers of a request together."""
MOST_HEADERS = 100

METHODS = ("GET", "HEAD")
ALLOW = {"Allow": ", ".join(METHODS)}

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
"""Of every answer but a 304, whatever it is."""


class Guard:
    """Stands before the routes.

    Paths reach the routes as they were sent: a `%2F` in an id does not part it.

    Args:
        refuse: makes the answer to a request that is refused.
    """

    def __init__(self, app: ASGIApp, refuse: Callable[[Scope, RequestError], Response]) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"

        async def send_safely(message: Message) -> None:
            # What a client holds already came with them; RFC 9111, 3.2: they stay as they were.
            if message["type"] == "http.response.start" and message["status"] != 304:
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            elif is_head and message.get("body"):
                message = {**message, "body": b""}
            await send(message)

        try:
            passed: Scope = _checked(scope)
        except RequestError as error:
            refused = {**scope, "root_path": quote(scope.get("root_path", ""))}
            await self._refuse(refused, error)(scope, receive, send_safely)
            return
        await self._app(passed, receive, send_safely)


def _checked(scope: Scope) -> dict[str, Any]:
    """Return what a request asks for, its path as it was sent.

    Raises:
        RequestError: it is refused.
    """
    if scope["method"] not in METHODS:
        raise RequestError("method", f"{scope['method'][:20]} is not known here; GET and HEAD are", headers=ALLOW)
    path = _raw_path(scope)
    if len(path) + len(scope.get("query_string", b"")) > LONGEST_URL:
        raise RequestError("uri_too_long", f"a URL of more than {LONGEST_URL} bytes")
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers) > LARGEST_HEADERS:
        raise RequestError("headers_too_large", f"headers of more than {LARGEST_HEADERS} bytes, or too many")
    _check_path(path)
    root_path = scope.get("root_path")
    return {**scope, "path": path, "root_path": quote(root_path) if root_path else ""}


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path")
    return quote(scope["path"]) if raw is None else raw.partition(b"?")[0].decode("latin-1")


def _check_path(path: str) -> None:
    """Check each segment of a path.

    Raises:
        RequestError: one holds NUL, is no UTF-8, or leads up.
    """
    if "%" not in path and "/." not in path and path.isascii():
        return
    if not path.isascii():
        raise RequestError("path", "the path holds bytes that are to be written as %XX")
    for segment in path.split("/"):
        decoded = unquote_to_bytes(segment)
        if b"\0" in decoded or decoded in (b".", b".."):
            raise RequestError("path", "the path holds NUL, `.` or `..`")
        try:
            decoded.decode()
        except UnicodeDecodeError as error:
            raise RequestError("path", "the path is no UTF-8") from error
