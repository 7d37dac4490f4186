"""Run the app in a server of its own."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from dagserial.errors import SettingsError

REQUEST_SECONDS = 10.0
"""In which a client has to have sent a request, from its first byte or the start of the connection on."""
ANSWER_SECONDS = 60.0
"""In which a client has to have taken an answer."""


class ImpatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, but to nobody who takes for ever to ask, or to listen."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, not for ever."""
        super().connection_made(transport)
        self._wait(REQUEST_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take what has come; once it is a request, the client has to take the answer."""
        super().data_received(data)
        if self._is_answering():
            self._wait(ANSWER_SECONDS)
        elif self._patience is None:
            self._wait(REQUEST_SECONDS)

    def on_response_complete(self) -> None:
        """Give a client that has its answer time for the next request: until its first byte, that of keep-alive."""
        self._stop_waiting()
        super().on_response_complete()
        if self._is_answering():
            self._wait(ANSWER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def check_address(host: str, *, is_guarded: bool) -> None:
    """See to it that nothing is served to other machines without asking who they are.

    Raises:
        SettingsError: it would be.
    """
    if not is_guarded and not _is_loopback(host):
        raise SettingsError(f"{host!r} may be reached by other machines: give --token-file or --proxy-user-header")


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes any that is free.

    Raises:
        SettingsError: the address is none of this machine, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without delay only through sockets that say they are of TCP.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        said = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot serve on {host}, port {port}: {said}") from error
    return made


def configured(app: ASGIApp, *, root_path: str = "") -> uvicorn.Config:
    """Return how the app is served: no client gets more than its share.

    The first line and the headers of a request are limited, a connection that says nothing is closed, and more
    connections than can be served are refused.
    """
    return uvicorn.Config(
        app,
        http=ImpatientProtocol,
        ws="none",
        lifespan="on",
        root_path=root_path,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=5,
        limit_concurrency=200,
        h11_max_incomplete_event_size=64 * 1024,
    )


def serve(app: ASGIApp, listener: socket.socket, *, root_path: str = "") -> None:
    """Serve until the process is told to end."""
    uvicorn.Server(configured(app, root_path=root_path)).run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
