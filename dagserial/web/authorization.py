"""Tell who may ask: by a token that they hold, or by the proxy in front."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from threading import Lock

from starlette.requests import Request

from dagserial.errors import SettingsError

_SHORTEST = 16
"""Characters of a token at least: shorter ones can be guessed."""


class BearerTokens:
    """Lets in who sends one of the tokens of a file, as `Authorization: Bearer TOKEN`.

    The file holds a token a line; what follows a `#` at the start of a line is left out. It is read again when it has
    changed. Whoever is let in may see every DAG.

    Raises:
        SettingsError: the file cannot be read, holds no token, or one of fewer than 16 characters.
    """

    challenge = "Bearer"

    def __init__(self, file: str | Path) -> None:
        self._file = Path(file)
        self._lock = Lock()
        self._read_at: tuple[int, int, int] | None = None
        self._tokens: tuple[bytes, ...] = ()
        self._known()

    def __call__(self, request: Request, dag_id: str | None) -> bool:
        """Tell whether the caller sends a token that is in the file now."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            known = self._known()
        except SettingsError:
            return False
        sent = _digest(token.strip())
        # Every token is compared, each in the same time.
        return sum(compare_digest(sent, one) for one in known) > 0

    def _known(self) -> tuple[bytes, ...]:
        with self._lock:
            try:
                found = self._file.stat()
                state = (found.st_mtime_ns, found.st_size, found.st_ino)
                if state != self._read_at:
                    self._tokens = tuple(map(_digest, _tokens(self._file)))
                    self._read_at = state
            except (OSError, UnicodeDecodeError) as error:
                raise SettingsError(f"the token file {str(self._file)!r} cannot be read: {error}") from error
            return self._tokens


def _tokens(file: Path) -> list[str]:
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not tokens or min(map(len, tokens)) < _SHORTEST:
        raise SettingsError(f"{str(file)!r} is to hold a token a line, each of {_SHORTEST} characters or more")
    return tokens


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


class ProxyUser:
    """Lets in whom a proxy in front has named in a header, if the proxy's address is trusted.

    Whoever is let in may see every DAG.

    Args:
        header: e.g. `X-Forwarded-User`; the proxy must set or remove it on every request.
        trusted: addresses and networks of proxies; by default this machine alone.

    Raises:
        SettingsError: one is no address and no network.
    """

    challenge = ""

    def __init__(self, header: str, trusted: Collection[str] = ("127.0.0.0/8", "::1")) -> None:
        self._header = header
        try:
            self._trusted = [ipaddress.ip_network(one) for one in trusted]
        except ValueError as error:
            raise SettingsError(f"a trusted proxy is an address or a network: {error}") from error

    def __call__(self, request: Request, dag_id: str | None) -> bool:
        """Tell whether a trusted proxy has named a user."""
        if request.client is None:
            return False
        try:
            address = ipaddress.ip_address(request.client.host)
        except ValueError:
            return False
        is_trusted = any(address in network for network in self._trusted if network.version == address.version)
        named = request.headers.getlist(self._header)
        return is_trusted and len(named) == 1 and bool(named[0].strip())
