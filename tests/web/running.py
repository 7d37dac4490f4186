"""Run an app on a free port of this machine, by the server that `dagserial serve` runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from dagserial.web.server import configured, listening


@contextmanager
def running(app: ASGIApp, *, root_path: str = "") -> Iterator[httpx.Client]:
    """Serve an app until the block ends; give a client of it, which follows no redirect."""
    listener = listening("127.0.0.1", 0)
    server = uvicorn.Server(configured(app, root_path=root_path))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()
