"""Check the URL of a database before anything is connected to, and write it without its password."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dagserial.errors import SettingsError
from dagserial.store.types import MYSQL

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
"""The driver by which each database is spoken to, whether the URL names it or not."""

_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
"""The extra of dagserial that installs each driver."""

_SQLITE_ARGUMENTS = {"cached_statements", "check_same_thread", "timeout", "uri"}
_MYSQL_ARGUMENTS = {
    *("charset", "connect_timeout", "read_timeout", "write_timeout", "unix_socket"),
    *("ssl_ca", "ssl_capath", "ssl_cert", "ssl_cipher", "ssl_key", "ssl_verify_cert", "ssl_verify_identity"),
}


def checked_url(text: str) -> URL:
    """Return the URL of a database, with its driver named.

    Raises:
        SettingsError: the text is no URL, of a database or driver that is not supported, or with a wrong part.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise SettingsError(f"{_redacted(text)!r} is no database URL; one is 'sqlite:///dags.db'") from error
    name, _, driver = url.drivername.partition("+")
    if name not in _DRIVERS or driver not in ("", _DRIVERS[name].partition("+")[2] or "pysqlite"):
        known = ", ".join(_DRIVERS.values())
        raise SettingsError(f"{shown(url)!r} is of {url.drivername!r}; records are kept by {known}")
    url = url.set(drivername=_DRIVERS[name])
    (_check_sqlite if name == "sqlite" else _check_server)(url)
    return url


def shown(url: URL) -> str:
    """Return a URL as it may be printed."""
    return url.render_as_string(hide_password=True)


def missing_driver(url: URL) -> SettingsError:
    """Return the error that says how the driver of a URL is installed."""
    driver = url.drivername.partition("+")[2]
    install = f"pip install 'dagserial[{_EXTRAS[driver]}]'"
    return SettingsError(f"{shown(url)!r} needs the driver {driver!r}, which is not installed: {install}")


def _redacted(text: str) -> str:
    """Return what is no URL without what may be a password."""
    return text if "@" not in text else "***@" + text.rpartition("@")[2]


def _check_sqlite(url: URL) -> None:
    if url.host or url.username:
        raise SettingsError(f"{shown(url)!r} names a host; a file stands after three slashes: 'sqlite:///dags.db'")
    if url.query.get("uri") == "true":
        return
    # SQLAlchemy drops an argument it does not know: with a slip in `mode=ro` a database would be open for writing.
    if unknown := sorted(set(url.query) - _SQLITE_ARGUMENTS):
        raise SettingsError(f"{shown(url)!r} has the argument {unknown[0]!r}, which is known only beside 'uri=true'")
    if not (folder := Path(url.database or "").parent).is_dir():
        raise SettingsError(f"{shown(url)!r} is a file in the folder {str(folder)!r}, which does not exist")


def _check_server(url: URL) -> None:
    if not url.database:
        raise SettingsError(f"{shown(url)!r} names no database; it stands behind the host: '//host/dags'")
    if url.get_dialect().name not in MYSQL:
        return
    if unknown := sorted(set(url.query) - _MYSQL_ARGUMENTS):
        raise SettingsError(f"{shown(url)!r} has the argument {unknown[0]!r}, which is not known")
    if url.query.get("charset", "utf8mb4") != "utf8mb4":
        raise SettingsError(f"{shown(url)!r} asks for another character set than utf8mb4, which alone holds all ids")
