"""A remote with a pull request, and a server that keeps its comments."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support import Repo

ETL = """from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("etl", schedule="{schedule}", doc_md="::error::from a DAG"):
    BashOperator(task_id="load", bash_command="{command}")
"""
BEFORE = {"dags/etl.py": ETL.format(schedule="@daily", command="run")}
EDITED = {"dags/etl.py": ETL.format(schedule="@hourly", command="run")}
GONE = {"dags/etl.py": ETL.format(schedule="@daily", command="run").replace("load", "other")}
BROKEN = {"dags/etl.py": BEFORE["dags/etl.py"] + "raise KeyError('x')\n"}
HEAD = "feature/$(touch${IFS}owned)`touch${IFS}owned`;x"
"""A branch name that a shell would run."""


class Forge:
    """A bare remote where `main` went on after a branch parted from it.

    Attributes:
        remote: its address.
        base: the commit at which they parted.
        head: the tip of the branch.
        merged: what GitHub makes of a pull request, as `refs/pull/7/merge`.
    """

    def __init__(self, folder: Path, change: dict[str, str], *, later: int = 3, earlier: int = 2) -> None:
        work = Repo(folder / "author")
        for number in range(earlier):
            work.commit({"note": str(number)})
        self.base = work.commit(BEFORE)
        work.git("switch", "-qc", HEAD)
        for number in range(later):
            work.commit({"word": str(number)})
        self.head = work.commit(change)
        work.git("switch", "-q", "main")
        for number in range(later):
            work.commit({"note": f"later {number}", "dags/new.py": ETL.replace('"etl"', f'"new_{number}"')})
        work.git("switch", "-q", "--detach")
        work.git("merge", "-q", "--no-ff", "-m", "merged", self.head)
        self.merged = work.git("rev-parse", "HEAD")
        bare = folder / "remote.git"
        work.git("init", "-q", "--bare", "--initial-branch=main", str(bare))
        work.git("push", "-q", str(bare), "main", HEAD, "HEAD:refs/pull/7/merge")
        self.remote = bare.as_uri()

    def checkout(self, folder: Path, ref: str, depth: int | None = 1) -> Repo:
        """Return a clone with a ref as the only thing fetched, as CI systems make it."""
        clone = Repo(folder)
        clone.git("remote", "add", "origin", self.remote)
        limits = [f"--depth={depth}"] if depth else []
        clone.git("fetch", "-q", "--no-tags", *limits, "origin", ref)
        clone.git("checkout", "-q", "--detach", "FETCH_HEAD")
        return clone


class Comments:
    """Comments on one pull request or merge request, as the APIs of GitHub and GitLab keep them.

    Attributes:
        kept: oldest first.
        asked: the requests, as `METHOD path`.
        refusal: the status that writing is answered with, if any.
        login: whose token it is; None for a token that is nobody's.
    """

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.refusal: int | None = None
        self.login: str | None = None
        self.url = ""

    def add(self, body: str, *, login: str = "github-actions[bot]", kind: str = "Bot") -> dict[str, Any]:
        number = len(self.kept) + 1
        user = {"login": login, "type": kind}
        self.kept.append({"id": number, "body": body, "user": user, "html_url": f"https://forge.invalid/{number}"})
        return self.kept[-1]

    def answer(self, method: str, address: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Return status and document of an answer."""
        path, query = urlsplit(address).path, parse_qs(urlsplit(address).query)
        self.asked.append(f"{method} {path}")
        if path == "/user":
            return (200, {"login": self.login}) if self.login else (403, {})
        if method == "GET":
            count, page = int(query["per_page"][0]), int(query.get("page", ["1"])[0])
            return 200, self.kept[(page - 1) * count : page * count]
        if self.refusal:
            return self.refusal, {"message": "Resource not accessible by integration"}
        if len(sent["body"]) > 65_536:
            return 422, {"message": "body is too long"}
        if method == "POST":
            return 201, self.add(sent["body"], login=self.login or "github-actions[bot]")
        comment = self.kept[int(path.rpartition("/")[2]) - 1]
        comment["body"] = sent["body"]
        return 200, comment


@contextmanager
def served() -> Iterator[Comments]:
    """Lend comments that a server on this machine keeps."""
    comments = Comments()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = json.loads(self.rfile.read(length) or b"{}")
            comments.tokens.add(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
            status, document = comments.answer(self.command, self.path, sent)
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = _reply

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    comments.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield comments
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
