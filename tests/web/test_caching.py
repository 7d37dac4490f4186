"""Validators, representations and what caches may keep."""

from __future__ import annotations

import httpx
import pytest
from filled import mapped_dag

from dagserial.record import Record
from dagserial.web.conditional import is_held
from dagserial.web.negotiation import HTML, JSON, chosen
from dagserial.web.problems import RequestError

API = "/api/v1"
RECORD = Record.of_dag(mapped_dag("x.A"))
OTHER = Record.of_dag(mapped_dag("x.B"))

PATHS = [
    f"{API}/objects/{RECORD.digest}",
    f"{API}/objects/{RECORD.digest}/view.json",
    f"{API}/diff/{RECORD.digest}..{OTHER.digest}.json",
    f"{API}/dags.json",
    f"{API}/dags/etl.json",
    f"{API}/runs.json",
    f"{API}/rules.json",
    f"{API}/openapi.json",
    "/dags.html",
    "/dags",
    "/static/style.css",
]


@pytest.mark.parametrize("path", PATHS)
def test_what_a_client_holds_is_not_sent_again(client: httpx.Client, path: str) -> None:
    got = client.get(path)
    assert got.status_code == 200
    tag = got.headers["etag"]
    for held in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content) == (304, b""), held
        kept = ("etag", "cache-control", "vary", "content-location")
        assert [again.headers.get(name) for name in kept] == [got.headers.get(name) for name in kept]
    for other in ('"x"', tag.strip('"'), "", tag.upper()):
        assert client.get(path, headers={"If-None-Match": other}).status_code == 200, other


def test_representations_have_validators_of_their_own(client: httpx.Client) -> None:
    forms = [client.get(path).headers["etag"] for path in ("/dags.html", f"{API}/dags.json")]
    assert len(set(forms)) == 2
    negotiated = [client.get("/dags", headers={"Accept": kind}) for kind in (HTML, JSON)]
    assert [one.headers["etag"] for one in negotiated] == forms
    assert {one.headers["vary"] for one in negotiated} == {"Accept"}
    assert [one.headers["content-location"] for one in negotiated] == ["/dags.html", f"{API}/dags.json"]


def test_what_is_served_for_ever_never_depends_on_accept(client: httpx.Client) -> None:
    got = client.get(f"{API}/objects/{RECORD.digest}", headers={"Accept": "image/png"})
    assert (got.status_code, got.headers.get("vary")) == (200, None)


def test_what_is_not_offered_is_refused(client: httpx.Client) -> None:
    got = client.get("/dags", headers={"Accept": "image/png, text/html;q=0, application/json;q=0"})
    assert (got.status_code, got.json()["code"]) == (406, "not_acceptable")
    assert got.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        ("application/json", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("application/json, text/html;q=0.9", JSON),
        ("application/*;q=0.5, text/*;q=0.4", JSON),
        ("text/html;q=0, */*", JSON),
        ("text/html;q=0.001, application/json;q=0.002", JSON),
        ("TEXT/HTML", HTML),
        ("text/html;q=nan, application/json;q=0.1", JSON),
    ],
)
def test_accept_chooses(accept: str | None, form: str) -> None:
    assert chosen(accept, [HTML, JSON]) == form


def test_nothing_acceptable_is_an_error() -> None:
    with pytest.raises(RequestError, match="text/html and application/json"):
        chosen("image/png", [HTML, JSON])


def test_a_flood_of_tags_is_not_read() -> None:
    assert is_held(", ".join(['"x"'] * 10 + ['"a"']), '"a"')
    assert not is_held(", ".join(['"x"'] * 100 + ['"a"']), '"a"')
    assert not is_held('"' + "x" * 5000 + '", "a"', '"a"')


def test_head_is_get_without_the_body(client: httpx.Client) -> None:
    for path in PATHS:
        got, head = client.get(path), client.head(path)
        assert head.content == b""
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}, path


def test_a_corrected_store_gives_another_tag(client: httpx.Client) -> None:
    tags = {client.get(f"{API}/dags.json?limit={limit}").headers["etag"] for limit in (1, 2, 3)}
    assert len(tags) == 3
