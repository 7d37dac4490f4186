"""Give DAG files the Variables, Connections and configuration that a deployment would hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from dagserial.standin.notes import NOTES
from dagserial.standin.strings import Text, TextSymbol
from dagserial.standin.symbol import Provide, Symbol

_MISSING = object()


class Stored:
    """What the user supplied in place of a metadata database.

    Attributes:
        variables: values by key, as text.
        connections: URIs or exported objects by id.
        settings: configuration by (section, key).
    """

    def __init__(
        self,
        variables: Mapping[str, str],
        connections: Mapping[str, str | Mapping[str, Any]],
        settings: Mapping[tuple[str, str], str],
        provide: Provide,
    ) -> None:
        self.variables = variables
        self.connections = connections
        self.settings = settings
        self.provide = provide


def variable_class(stored: Stored) -> type:
    """Return the class `Variable` over what is stored."""

    class Variable:
        """Variables: the supplied value, else the default, else a symbol that reads `{{ var.value.key }}`."""

        @staticmethod
        def get(
            key: Any, default_var: Any = _MISSING, deserialize_json: bool = False, *, default: Any = _MISSING, **_: Any
        ) -> Any:
            if isinstance(key, str) and key in stored.variables:
                value = stored.variables[key]
                return json.loads(value) if deserialize_json else value
            fallback = default if default is not _MISSING else default_var
            if fallback is not _MISSING:
                NOTES.lacking[("default of the Variable", str(key))] = None
                return fallback
            NOTES.lacking[("Variable", str(key))] = None
            symbol = TextSymbol(("variable", key, deserialize_json), stored.provide)
            return symbol if deserialize_json else Text(symbol)

        @staticmethod
        def setdefault(key: Any, default: Any, *_args: Any, **_kwargs: Any) -> Any:
            return Variable.get(key, default)

        @staticmethod
        def set(*_args: Any, **_kwargs: Any) -> None:
            """A DAG file that is only read stores nothing."""

        delete = update = set

    Variable.__module__ = "airflow.models.variable"
    return Variable


class Connection:
    """A Connection with the fields that `airflow connections export` writes."""

    def __init__(self, conn_id: Any = None, uri: str | None = None, **fields: Any) -> None:
        given = (_from_uri(uri) if uri else {}) | fields
        self.conn_id = conn_id
        self.conn_type = given.get("conn_type")
        self.description = given.get("description")
        self.host = given.get("host")
        self.login = given.get("login")
        self.password = given.get("password")
        self.schema = given.get("schema")
        self.port = given.get("port")
        self.extra = given.get("extra")

    @property
    def extra_dejson(self) -> Any:
        """The extra field as an object."""
        if isinstance(self.extra, dict):
            return self.extra
        return json.loads(self.extra) if self.extra else {}

    def get_uri(self) -> str:
        """Return the Connection as a URI (Airflow docs, "URI format")."""
        login, password, host, schema = (
            quote(str(part or ""), safe="") for part in (self.login, self.password, self.host, self.schema)
        )
        user = f"{login}:{password}@" if password else f"{login}@" if login else ""
        port = f":{self.port}" if self.port else ""
        extra = f"?{urlencode(self.extra_dejson)}" if self.extra_dejson else ""
        return f"{(self.conn_type or '').replace('_', '-')}://{user}{host}{port}/{schema}{extra}"


def _from_uri(uri: str) -> dict[str, Any]:
    """Read a Connection URI (Airflow docs, "URI format")."""
    parts = urlsplit(uri)
    extra = dict(parse_qsl(parts.query, keep_blank_values=True))
    texts = {
        "conn_type": parts.scheme.replace("-", "_"),
        "host": unquote(parts.hostname or ""),
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path.removeprefix("/")),
    }
    fields: dict[str, Any] = {name: value for name, value in texts.items() if value}
    return fields | ({"port": parts.port} if parts.port else {}) | ({"extra": json.dumps(extra)} if extra else {})


def connection(stored: Stored, conn_id: Any) -> Any:
    """Return a supplied Connection, else a symbol that reads `{{ conn.id.field }}`."""
    found = stored.connections.get(conn_id) if isinstance(conn_id, str) else None
    if found is None:
        NOTES.lacking[("Connection", str(conn_id))] = None
        return TextSymbol(("connection", conn_id), stored.provide)
    return Connection(conn_id, found) if isinstance(found, str) else Connection(conn_id, **found)


class Configuration:
    """`airflow.configuration.conf`: what is set, else the fallback, else a symbol."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored

    def get(self, section: str, key: str, fallback: Any = _MISSING, **_: Any) -> Any:
        """Return a setting as text."""
        found = self._stored.settings.get((str(section).lower(), str(key).lower()))
        if found is not None:
            return found
        if fallback is not _MISSING:
            return fallback
        of = Symbol(("name", "airflow.configuration.conf.get"), self._stored.provide)
        return Symbol(("call", of, (section, key), {}), self._stored.provide)

    getint = getfloat = getboolean = getjson = getlist = get_mandatory_value = get

    def has_option(self, section: str, key: str, **_: Any) -> bool:
        """Tell whether a setting is set."""
        return (str(section).lower(), str(key).lower()) in self._stored.settings

    def getsection(self, section: str, **_: Any) -> dict[str, str]:
        """Return the settings of a section."""
        return {key: value for (name, key), value in self._stored.settings.items() if name == section}
