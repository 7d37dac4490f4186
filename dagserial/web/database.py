"""Open the store when it is first asked for, for reading alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dagserial.errors import SettingsError
from dagserial.store.readonly import StoreTimeoutError, missing_tables, open_readonly, refusals
from dagserial.web.problems import RequestError


class Database:
    """A store of which nothing is opened until a session is asked for; one that is not there yet may come."""

    def __init__(self, url: str, *, seconds: float = 10.0) -> None:
        self._url = url
        self._seconds = seconds
        self._engine: Engine | None = None
        self._lock = Lock()

    def engine(self) -> Engine:
        """Return the engine, checked once to have its tables.

        Raises:
            SettingsError: there is no such database, it cannot be read, or it has no tables.
        """
        with self._lock:
            if self._engine is None:
                engine = open_readonly(self._url, seconds=self._seconds)
                if missing := missing_tables(engine):
                    engine.dispose()
                    raise SettingsError(f"the database has no table {missing[0]!r}; `dagserial db upgrade` makes it")
                self._engine = engine
            return self._engine

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session for one request.

        Raises:
            RequestError: the store cannot be read, or takes too long.
        """
        try:
            engine = self.engine()
            with refusals(engine), Session(engine) as session:
                yield session
        except StoreTimeoutError as error:
            raise RequestError("time_limit", str(error), headers={"Retry-After": "1"}) from error
        except RequestError:
            raise
        except SettingsError as error:
            raise RequestError("store_unavailable", str(error), headers={"Retry-After": "5"}) from error

    def close(self) -> None:
        """Give all connections back; the next session opens the store anew."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None
