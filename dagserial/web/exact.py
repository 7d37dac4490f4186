"""Answer with the exact bytes of records, as fast as they can be sent."""

from __future__ import annotations

from urllib.parse import unquote

from starlette.types import Receive, Scope, Send

from dagserial.record import Record
from dagserial.web.answering import Endpoint
from dagserial.web.conditional import is_held
from dagserial.web.objects import written
from dagserial.web.resource import IMMUTABLE, Resource
from dagserial.web.site import Site

_FOR_EVER = (b"cache-control", IMMUTABLE.encode())


class RecordEndpoint(Endpoint):
    """Sends a record that is in memory at once, without a thread; any other as every endpoint does.

    Bytes in memory were checked when they were read, and never change.
    """

    def __init__(self, site: Site, resource: Resource) -> None:
        super().__init__(site, resource, (resource.media_type,))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        record = self._in_memory(scope)
        if record is None:
            await super().__call__(scope, receive, send)
            return
        tag = f'"{record.digest}"'
        headers = [(b"etag", tag.encode()), _FOR_EVER]
        held = [value for name, value in scope["headers"] if name == b"if-none-match"]
        if held and is_held(b",".join(held).decode("latin-1"), tag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        answer = written(record)
        headers += [
            *((name.lower().encode(), value.encode()) for name, value in answer.headers.items()),
            (b"content-type", answer.media_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _in_memory(self, scope: Scope) -> Record | None:
        """Return a record that everybody may see, if it is in memory and nothing else is asked for."""
        if self._site.authorize is not None or scope.get("query_string"):
            return None
        return self._site.records.get(unquote(scope["path_params"]["digest"]))
