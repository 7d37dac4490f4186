"""Make databases on the servers that tests start."""

from __future__ import annotations

import itertools
from contextlib import ExitStack

from servers import SERVERS
from sqlalchemy import Engine, create_engine

from dagserial.store import create, open_engine


class Databases:
    """Servers, each started when it is first asked for, and databases on them."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._servers: dict[str, str] = {}
        self._lasting: dict[str, Engine] = {}
        self._numbers = itertools.count()

    def server(self, name: str) -> str:
        """Return the URL of a server, without a database."""
        if name not in self._servers:
            self._servers[name] = self._stack.enter_context(SERVERS[name]())
        return self._servers[name]

    def execute(self, name: str, statement: str) -> None:
        """Execute a statement on a server, outside of a transaction, as the one who may do anything."""
        engine = create_engine(self.server(name) + ("postgres" if name == "postgres" else "mysql"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def make(self, name: str) -> str:
        """Make an empty database on a server; return its name."""
        database = f"dags{next(self._numbers)}"
        # Defaults under which ids would be compared wrongly, were it not for the types of the columns.
        options = "" if name == "postgres" else " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
        self.execute(name, f"CREATE DATABASE {database}{options}")
        return database

    def lasting(self, name: str) -> Engine:
        """Return a database with its tables that all tests share, one a server: whoever commits, empties it."""
        if name not in self._lasting:
            engine = open_engine(self.server(name) + self.make(name))
            create(engine)
            self._stack.callback(engine.dispose)
            self._lasting[name] = engine
        return self._lasting[name]
