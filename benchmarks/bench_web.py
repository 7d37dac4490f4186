"""The web: records and 304s beside a bare Starlette route that sends the same bytes, and memory over many requests.

python benchmarks/bench_web.py [REQUESTS] [VERSIONS]

Each server is a process of its own; what counts is its CPU time for a request, so that other work on the machine does
not. Servers are asked by turns. Needs Linux.
"""

import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import uvicorn
from measure import heading, note, row
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Origin, RecordStore, create, open_engine
from dagserial.web import create_app
from dagserial.web.server import configured, listening

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TURNS, A_TURN = 5, 1500
SERVED, BARE = "dagserial", "bare Starlette"


def record_of(number: int, tasks: int) -> Record:
    """Return a record; another number is another meaning."""
    made = {f"t{n:04}": Task(operator="x.Y", args={"command": f"run --step {n}", "n": number}) for n in range(tasks)}
    return Record.of_dag(Dag(fields=DagFields(dag_id="etl"), tasks=made))


def bare(body: bytes, tag: str) -> Starlette:
    """Return an app of nothing but two routes: one sends the bytes, the other says 304."""

    async def send(_request: Request) -> Response:
        return Response(body, media_type="application/json", headers={"ETag": tag})

    async def unchanged(_request: Request) -> Response:
        return Response(status_code=304, headers={"ETag": tag})

    return Starlette(routes=[Route("/body", send), Route("/unchanged", unchanged)])


def serve(kind: str, url: str, body: Path) -> None:
    """Be one of the servers, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    record = Record.of(body.read_bytes())
    listener = listening("127.0.0.1", 0)
    print(listener.getsockname()[1], flush=True)
    if kind == SERVED:
        config = configured(create_app(url))
    else:
        app = bare(record.body, f'"{record.digest}"')
        config = uvicorn.Config(app, http="h11", lifespan="off", log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])


class Client:
    """A connection to a server that stays open, and what the server took."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self._process = process
        self._port = int(process.stdout.readline())
        self._socket = socket.create_connection(("127.0.0.1", self._port))

    def ask(self, path: str, status: int, tag: str = "") -> int:
        """Ask once; return the bytes of the body."""
        held = f"If-None-Match: {tag}\r\n" if tag else ""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n{held}\r\n".encode())
        found = b""
        while b"\r\n\r\n" not in found:
            found += self._socket.recv(1 << 18)
        head, _, rest = found.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status}".encode()), head
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths and status == 200 else 0
        left = length - len(rest)
        while left > 0:
            left -= len(self._socket.recv(1 << 18))
        return length

    def seconds(self) -> float:
        """Return the CPU time that the server has taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mib(self) -> float:
        """Return the memory that the server holds."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def running(kind: str, url: str, body: Path) -> Iterator[Client]:
    """Run a server until the block ends."""
    command = [sys.executable, __file__, "--serve", kind, url, str(body)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Client(process)
        finally:
            process.kill()


def speeds(clients: dict[str, Client], asked: dict[str, tuple[str, int, str]]) -> dict[str, float]:
    """Return the requests that each server answers in a second of CPU time, the median of its turns."""
    found: dict[str, list[float]] = {name: [] for name in clients}
    for turn in range(TURNS + 1):
        for name, client in clients.items():
            before = client.seconds()
            for _ in range(A_TURN):
                client.ask(*asked[name])
            if turn:
                found[name].append(A_TURN / max(client.seconds() - before, 0.01))
    return {name: median(values) for name, values in found.items()}


def fill(url: str, count: int) -> list[str]:
    """Put so many versions; return their digests."""
    engine = open_engine(url)
    create(engine)
    with Session(engine) as session, session.begin():
        records = [record_of(number, 150) for number in range(count)]
        RecordStore(session).put_many(((record, Origin()) for record in records), created_at=NOW)
        RecordStore(session).put(record_of(0, 700), created_at=NOW)
    engine.dispose()
    return [record.digest for record in records]


def main(requests: int, versions: int) -> None:
    """Measure all."""
    with tempfile.TemporaryDirectory() as folder:
        url, body = f"sqlite:///{folder}/dags.db", Path(folder, "body.json")
        record = record_of(0, 700)
        body.write_bytes(record.body)
        digests = fill(url, versions)
        path, tag = f"/api/v1/objects/{record.digest}", f'"{record.digest}"'
        with running(SERVED, url, body) as served, running(BARE, url, body) as plain:
            clients = {SERVED: served, BARE: plain}
            heading(f"a record of {len(record.body) // 1024} KiB, by requests in a second of CPU time")
            whole = speeds(clients, {SERVED: (path, 200, ""), BARE: ("/body", 200, "")})
            _told(whole, 0.5)
            heading("304, by requests in a second of CPU time")
            held = speeds(clients, {SERVED: (path, 304, tag), BARE: ("/unchanged", 304, tag)})
            _told(held, 0.8)
            note("304 / a bare route that sends the bytes", held[SERVED] / whole[BARE])
        with running(SERVED, url, body) as served:
            heading(f"memory over {requests} requests for {versions} versions")
            _memory(served, digests, requests)


def _told(found: dict[str, float], target: float) -> None:
    for name, value in found.items():
        note(f"{name}, requests", value)
    row(f"{SERVED} / {BARE}", found[SERVED] / found[BARE], target, at_least=True)


def _memory(client: Client, digests: list[str], requests: int) -> None:
    chance = random.Random(7)
    sizes = []
    for number in range(1, requests + 1):
        client.ask(f"/api/v1/objects/{chance.choice(digests)}", 200)
        if number % (requests // 10) == 0:
            sizes.append(client.mib())
            note(f"MiB after {number}", sizes[-1])
    row("after all / after two tenths", sizes[-1] / sizes[1], 1.05)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        numbers = [int(text) for text in sys.argv[1:]]
        main(*(numbers + [100_000, 10_000][len(numbers) :]))
