"""What keeps the service, its readers and its host safe."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from filled import HOSTILE, fill, hostile_dag, large_dag, mapped_dag
from running import running
from starlette.requests import Request

from dagserial.errors import SettingsError
from dagserial.record import Record
from dagserial.web import BearerTokens, ProxyUser, create_app, server
from dagserial.web.server import check_address

API = "/api/v1"
ETL = Record.of_dag(mapped_dag("x.A"))
ETL_TOO = Record.of_dag(mapped_dag("x.B"))
HIDDEN = Record.of_dag(hostile_dag())
LARGE = Record.of_dag(large_dag())
UNKNOWN = "sha256:" + "0" * 64


def test_every_answer_keeps_browsers_safe(client: httpx.Client) -> None:
    for path in ("/", "/dags.html", f"{API}/dags.json", f"{API}/objects/{ETL.digest}", "/nowhere", "/static/style.css"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "unsafe" not in policy
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; "))
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "set-cookie" not in headers
        assert "server" not in headers


def test_no_text_of_a_dag_is_markup(client: httpx.Client) -> None:
    for path in ("/dags.html", f"/dags.html?q={quote(HOSTILE)}", f"/dags.html?tag={quote(HOSTILE)}"):
        page = client.get(path).text
        assert re.findall("<script[^>]*>", page) == ['<script src="/static/page.js" defer>']
        assert "javascript:" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site.py",
        "/static/..%2fsite.py",
        "/static/%2e%2e/site.py",
        "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/static//etc/passwd",
        "/../../../../etc/passwd",
        f"{API}/objects/../../../etc/passwd",
        f"{API}/objects/sha256:..%2f..%2f",
        f"{API}/dags/%00.json",
        f"{API}/dags/%ff.json",
        f"{API}/dags/..%00/versions.json",
        "/%00",
        "/static/style.css%00.html",
        "//dags.html",
    ],
)
def test_no_path_leads_elsewhere(client: httpx.Client, path: str) -> None:
    answer = raw(client, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] in (b"400", b"404"), answer[:200]
    assert b"root:" not in answer
    assert b"import" not in answer


def test_long_urls_and_headers_are_refused(client: httpx.Client) -> None:
    long = b"x" * 9000
    got = {
        "url": raw(client, b"GET /dags?q=" + long + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        "header": raw(client, b"GET /dags HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + long * 4 + b"\r\n\r\n"),
        "many": raw(client, b"GET /dags HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        "huge url": raw(client, b"GET /" + b"x" * 10_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
        "huge header": raw(client, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 10_000_000 + b"\r\n\r\n"),
    }
    statuses = {name: answer.split(b" ", 2)[1:2] for name, answer in got.items()}
    assert statuses["url"] == [b"414"]
    assert statuses["header"] == statuses["many"] == [b"431"]
    # The server closes the connection without having read it all; its answer may be lost.
    assert statuses["huge url"] in ([b"400"], [])
    assert statuses["huge header"] in ([b"400"], [])
    assert client.get("/dags.html").status_code == 200


def raw(client: httpx.Client, request: bytes) -> bytes:
    """Send bytes; return what comes until the server closes."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=30) as connection:
        parts = []
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                parts.append(part)
        except OSError:
            pass
        return b"".join(parts)


def test_a_client_that_never_finishes_is_let_go(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(server, "ANSWER_SECONDS", 1.0)
    with running(app) as client:
        for start in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "):
            with socket.create_connection((client.base_url.host, client.base_url.port), timeout=20) as slow:
                slow.sendall(start)
                began = time.monotonic()
                assert _until_closed(slow) == b""
                assert time.monotonic() - began < 15
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(20)
            deaf.connect((client.base_url.host, client.base_url.port))
            # More than fits into what lies between: the server cannot be rid of it.
            deaf.sendall(f"GET {API}/objects/{LARGE.digest} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 100)
            time.sleep(4)
            assert len(_until_closed(deaf)) < 100 * len(LARGE.body)
        assert client.get("/dags.html").status_code == 200


def _until_closed(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    """A filled SQLite file for this test alone."""
    file = tmp_path / "store" / "dags.db"
    file.parent.mkdir()
    fill(f"sqlite:///{file}")
    return file


@contextmanager
def altered(file: Path) -> Iterator[sqlite3.Connection]:
    """Change a store as no program of ours can."""
    connection = sqlite3.connect(file)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    yield connection
    connection.commit()
    connection.close()


def test_altered_bytes_are_never_served(own_file: Path) -> None:
    with altered(own_file) as connection:
        other = connection.execute("SELECT body FROM dag_record WHERE digest = ?", [ETL_TOO.digest]).fetchone()
        connection.execute("UPDATE dag_record SET body = ? WHERE digest = ?", [*other, ETL.digest])
        connection.execute(
            "UPDATE record_page SET frame = x'00' WHERE address = (SELECT MIN(address) FROM record_page)"
        )
    with running(create_app(f"sqlite:///{own_file}")) as client:
        for digest in (ETL.digest, LARGE.digest):
            for path in (f"{API}/objects/{digest}", f"{API}/objects/{digest}/view.json"):
                got = client.get(path)
                assert (got.status_code, got.json()["code"]) == (500, "object_corrupt"), path
                assert b"tasks" not in got.content
            held = client.get(f"{API}/objects/{digest}", headers={"If-None-Match": f'"{digest}"'})
            assert held.status_code == 500
        assert client.get(f"{API}/objects/{ETL_TOO.digest}").status_code == 200
        listed = {row["dag_id"]: row["outline"] for row in client.get(f"{API}/dags.json").json()["dags"]}
        assert listed["large"]["is_unreadable"]
        assert not listed["hostile"].get("is_unreadable")


def test_a_record_of_an_unknown_format_is_told_apart(own_file: Path) -> None:
    with altered(own_file) as connection:
        connection.execute("UPDATE dag_record SET format = 9 WHERE digest = ?", [ETL.digest])
    with running(create_app(f"sqlite:///{own_file}")) as client:
        for path in (f"/objects/{ETL.digest}/view.json", f"/diff/{ETL.digest}..{ETL_TOO.digest}.json"):
            got = client.get(API + path)
            assert (got.status_code, got.json()["code"]) == (422, "record_unsupported")
        # Its bytes are what they are.
        assert client.get(f"{API}/objects/{ETL.digest}").content == ETL.body


def only_etl(_request: Request, dag_id: str | None) -> bool:
    return dag_id in (None, "etl")


def test_what_may_not_be_seen_is_as_if_it_were_not_there(store_url: str) -> None:
    hidden, seen = HIDDEN.digest, ETL.digest
    with running(create_app(store_url, authorize=only_etl)) as client:
        for hid, none in (
            (f"/objects/{hidden}", f"/objects/{UNKNOWN}"),
            (f"/objects/{hidden.short}", "/objects/sha256:00000000"),
            (f"/objects/{hidden}/view.json", f"/objects/{UNKNOWN}/view.json"),
            (f"/objects/{hidden}/referrers.json", f"/objects/{UNKNOWN}/referrers.json"),
            (f"/diff/{hidden}..{seen}.json", f"/diff/{UNKNOWN}..{seen}.json"),
            (f"/diff/{seen}..{hidden}.json", f"/diff/{seen}..{UNKNOWN}.json"),
            ("/diff/hostile@1..etl@1.json", "/diff/none@1..etl@1.json"),
            ("/diff/run:hostile%2Fr..etl@1.json", "/diff/run:none%2Fr..etl@1.json"),
            ("/dags/hostile.json", "/dags/none.json"),
            ("/dags/hostile/versions.json", "/dags/none/versions.json"),
            ("/dags/hostile/versions/1.json", "/dags/none/versions/1.json"),
            ("/dags/hostile/history.json", "/dags/none/history.json"),
            ("/dags/hostile/runs.json", "/dags/none/runs.json"),
            ("/dags/hostile/grid.json", "/dags/none/grid.json"),
            ("/dags/large/runs/r1.json", "/dags/etl/runs/r1.json"),
            ("/dags/large/runs/r1/instances.json", "/dags/etl/runs/r1/instances.json"),
            ("/dags/large/runs/r1/record.json", "/dags/etl/runs/r1/record.json"),
            ("/runs.json?dag_id=hostile&count=1", "/runs.json?dag_id=none&count=1"),
            ("/dags.json?q=hostile&count=1", "/dags.json?q=none&count=1"),
            ("/dags.json?tag=team", "/dags.json?tag=none"),
            (f"/runs.json?digest={hidden}&count=1", f"/runs.json?digest={UNKNOWN}&count=1"),
        ):
            one, other = client.get(API + hid), client.get(API + none)
            assert one.status_code == other.status_code, hid
            assert one.text.replace(hidden.short, "").replace(hidden, "").replace(
                hidden[15:], ""
            ) == other.text.replace(UNKNOWN, "").replace("sha256:00000000", ""), hid
            held = {"If-None-Match": f'"{hidden}", *'}
            assert client.get(API + hid, headers=held).status_code == client.get(API + none, headers=held).status_code
        assert [row["dag_id"] for row in client.get(f"{API}/dags.json?count=1").json()["dags"]] == ["etl"]
        assert client.get(f"{API}/dags.json?count=1").json()["total"] == 1
        assert {row["dag_id"] for row in client.get(f"{API}/runs.json").json()["runs"]} == {"etl"}
        assert client.get(f"{API}/objects/{seen}").headers["cache-control"] == "private, max-age=31536000, immutable"
        assert client.get(f"{API}/dags.json").headers["cache-control"] == "private, no-cache"
        assert "hostile" not in client.get("/dags.html").text


def test_who_may_not_use_the_service_sees_nothing(store_url: str) -> None:
    with running(create_app(store_url, authorize=lambda _request, _dag_id: False)) as client:
        for path in ("/", "/dags.html", f"{API}/dags.json", f"{API}/openapi.json", f"{API}/objects/{ETL.digest}"):
            assert client.get(path).status_code == 403, path


def test_a_token_of_the_file_lets_in_until_it_is_taken_out(store_url: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("# team a\na-token-of-team-a\n\nanother-token-of-b\n")
    with running(create_app(store_url, authorize=BearerTokens(file))) as client:
        for sent in (
            None,
            "Bearer",
            "Bearer x",
            "Basic a-token-of-team-a",
            "Bearer # team a",
            "Bearer \xff",
        ):
            headers = {} if sent is None else {"Authorization": sent.encode("latin-1")}
            got = client.get(f"{API}/dags.json", headers=headers)
            assert (got.status_code, got.headers["www-authenticate"]) == (401, "Bearer"), sent
        headers = {"Authorization": "bearer another-token-of-b"}
        assert client.get(f"{API}/dags.json", headers=headers).status_code == 200
        file.write_text("a-token-of-team-a-only\n")
        assert client.get(f"{API}/dags.json", headers=headers).status_code == 401
        file.unlink()
        assert client.get(f"{API}/dags.json", headers=headers).status_code == 401


@pytest.mark.parametrize("text", [None, "", "# none\n", "short\n", "a-token-of-team-a\nshort\n"])
def test_a_token_file_has_to_hold_tokens(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "tokens"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SettingsError, match="tokens"):
        BearerTokens(file)


def test_a_proxy_names_who_asks(store_url: str) -> None:
    with running(create_app(store_url, authorize=ProxyUser("X-User"))) as client:
        assert client.get("/dags.html").status_code == 401
        assert client.get("/dags.html", headers={"X-User": ""}).status_code == 401
        assert client.get("/dags.html", headers=[("X-User", "a"), ("X-User", "b")]).status_code == 401
        assert client.get("/dags.html", headers={"X-User": "ada"}).status_code == 200
    with running(create_app(store_url, authorize=ProxyUser("X-User", trusted=["192.0.2.0/24"]))) as client:
        assert client.get("/dags.html", headers={"X-User": "ada"}).status_code == 401
    with pytest.raises(SettingsError, match="network"):
        ProxyUser("X-User", trusted=["proxy"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_nothing_public_is_served_to_whom_nobody_knows(host: str) -> None:
    with pytest.raises(SettingsError, match="token-file"):
        check_address(host, is_guarded=False)
    check_address(host, is_guarded=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_needs_no_guard(host: str) -> None:
    check_address(host, is_guarded=False)


_IN_A_READONLY_FOLDER = """
import os, sys
from pathlib import Path
import httpx
sys.path[:0] = sys.argv[2:]
from running import running
from dagserial.web import create_app
file = Path(sys.argv[1])
try:
    (file.parent / "x").write_text("")
except OSError:
    print("readonly")
with running(create_app(f"sqlite:///{file}")) as client:
    for path in ("/api/v1/dags.json", "/api/v1/runs.json", "/dags.html"):
        print(client.get(path).status_code)
"""


def test_a_store_is_read_from_a_folder_that_nobody_may_write_to(own_file: Path) -> None:
    before = {file.name: file.read_bytes() for file in own_file.parent.iterdir()}
    own_file.chmod(0o444)
    own_file.parent.chmod(0o555)
    try:
        # Root may write everywhere, unless it gives that up.
        drop = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", "--"]
        here = str(Path(__file__).parent)
        command = [sys.executable, "-c", _IN_A_READONLY_FOLDER, str(own_file), here]
        done = subprocess.run([*drop, *command], capture_output=True, text=True, timeout=60)
    finally:
        own_file.parent.chmod(0o755)
    assert done.stdout.split() == ["readonly", "200", "200", "200"], done.stderr
    assert {file.name: file.read_bytes() for file in own_file.parent.iterdir()} == before
