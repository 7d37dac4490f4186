"""The app as a whole: methods, headers, mounting."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]


def paths(app: Starlette) -> list[str]:
    return [route.path.replace("{", "").replace("}", "") for route in app.routes if isinstance(route, Route)]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_but_get_and_head_is_refused_on_every_route(
    app: Starlette, client: httpx.Client, method: str
) -> None:
    found = paths(app)
    assert len(found) > 10
    for path in [*found, "/nowhere"]:
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD"), path
        assert answer.json()["code"] == "method"


def test_head_answers_as_get_without_a_body(app: Starlette, client: httpx.Client) -> None:
    for path in paths(app):
        got, head = client.get(path), client.head(path)
        assert head.content == b"", path
        assert head.status_code == got.status_code
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}, path
