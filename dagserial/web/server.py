"""Run the app in a server of its own."""

from __future__ import annotations

import ipaddress
import socket

import uvicorn
from starlette.applications import Starlette

from dagserial.errors import SettingsError


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
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.listen(128)
    except (OSError, OverflowError) as error:
        made.close()
        said = getattr(error, "strerror", None) or error
        raise SettingsError(f"cannot serve on {host}, port {port}: {said}") from error
    return made


def configured(app: Starlette, *, root_path: str = "") -> uvicorn.Config:
    """Return how the app is served: no client gets more than its share.

    The first line and the headers of a request are limited, a connection that says nothing is closed, and more
    connections than can be served are refused.
    """
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
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


def serve(app: Starlette, listener: socket.socket, *, root_path: str = "") -> None:
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
