"""Remember what DAG files gave, by what their runs looked at."""

from __future__ import annotations

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import msgspec
import zstandard

from dagserial.errors import SettingsError
from dagserial.sources.reading import Reads

MOST_BYTES = 1024**3
"""What the file may hold after it was closed; what was not used for longest goes first."""

_VERSION = 2
_NAME = f"readings-{_VERSION}.sqlite"
_WAITING = 10.0
"""Seconds to wait for other processes that write."""

_HOUR = 3600
"""Seconds within which a use need not be noted again."""
_SLICE = 500
_KEPT = 0.8
"""The part of the bytes that is left when there were too many."""

_NUMBERS = 2**62

_TROUBLE = (sqlite3.Error, OSError, ValueError, OverflowError)
"""What the file of a memo may raise; the message of SQLite on one that is damaged may be no text itself."""

_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS result (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    file TEXT NOT NULL,
    mark BLOB NOT NULL,
    reads BLOB NOT NULL,
    brief BLOB NOT NULL,
    used INTEGER NOT NULL,
    UNIQUE (key, file, mark)
);
CREATE TABLE IF NOT EXISTS body (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS tree (
    key BLOB NOT NULL,
    tree TEXT NOT NULL,
    body BLOB NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (key, tree)
);
PRAGMA user_version = {_VERSION};
COMMIT;
"""
"""Bodies lie apart, as SQLite writes a row anew as a whole when its last use is noted."""


class Known(msgspec.Struct, frozen=True, gc=False):
    """A result that is remembered.

    Attributes:
        mark: `fingerprint` of a tree that gives this result.
        reads: what of the tree decides; None for all of it.
    """

    id: int
    mark: bytes
    reads: Reads | None


class Usage(msgspec.Struct, frozen=True):
    """What a memo holds: results of DAG files, trees, and the bytes that they take on disk.

    Attributes:
        path: of the file; empty if there is none.
        trouble: why the file is not used; empty if it is.
    """

    path: str
    results: int
    trees: int
    size: int
    trouble: str


class Memo:
    """Results of DAG files and what trees consist of, in an SQLite file that processes and threads may share.

    A memo may forget at any time, and what it does not know is worked out again. So a file that is damaged, locked or
    cannot be written is as good as none: from then on, memory serves. Each row carries a digest of all that it says;
    one that is not as it was written is not there. The file is opened when it is first needed. A context manager;
    whoever opens it closes it.

    Args:
        folder: where the file is; None to remember in memory, until it is closed.
        most_bytes: what the file may hold after it was closed.
    """

    def __init__(self, folder: Path | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        self.path = None if folder is None else folder / _NAME
        self._most_bytes = most_bytes
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._trouble = ""
        self._unsaved: dict[int, tuple[bytes, bytes]] = {}
        self._used: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note what was used, drop what is too much, and close the file."""
        with self._lock:
            if self._connection is None:
                return
            if self.path and not self._trouble:
                self._note_use()
                with suppress(*_TROUBLE):
                    self._trim(self._connection)
            self._connection.close()
            self._connection = None

    def known(self, key: bytes, file: str) -> list[Known]:
        """Return the results of a DAG file that are remembered under a key, what was used last first."""
        # All comes from the row itself, to which `brief` is sealed: what an index says may be damaged apart.
        query = (
            "SELECT key, file, id, mark, reads FROM result WHERE id IN (SELECT id FROM result WHERE key=? AND file=?)"
        )
        found = []
        for *whose, id_, mark, reads in self._rows(f"{query} ORDER BY used DESC, id", key, file):
            if whose != [key, file]:
                continue
            with suppress(msgspec.MsgspecError, UnicodeDecodeError, TypeError):
                found.append(Known(id_, mark, msgspec.msgpack.decode(reads, type=Reads | None)))
        return found

    def remember(
        self, key: bytes, file: str, known: tuple[bytes, Reads | None] | None, brief: bytes, body: bytes
    ) -> int:
        """Keep a result, and return the number under which it is found; it takes the place of one with the same mark.

        Args:
            known: mark and reads, as of `Known`; None for what is not to be given to anybody else.
            brief: what is asked for often.
            body: all of it.
        """
        with self._lock:
            if known is not None:
                mark, reads = known[0], msgspec.msgpack.encode(known[1])
                packed = zstandard.ZstdCompressor(3).compress(body)
                id_ = 1 + secrets.randbelow(_NUMBERS)
                seal = _seal(id_, key, file, mark, reads)
                row = (id_, key, file, mark, reads, _sealed(seal, brief), _now())
                self._rows("INSERT INTO body (id, body) VALUES (?, ?)", id_, _sealed(seal, packed))
                self._rows(
                    "DELETE FROM body WHERE id = (SELECT id FROM result WHERE key=? AND file=? AND mark=?)",
                    key,
                    file,
                    mark,
                )
                self._rows("INSERT OR REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
                return id_
            number = -1 - len(self._unsaved)
            self._unsaved[number] = brief, body
            return number

    def brief(self, id_: int) -> bytes | None:
        """Return what is asked for often of a result; None if it is forgotten."""
        if id_ < 0:
            return self._unsaved[id_][0]
        return self._content(id_, "SELECT key, file, mark, reads, brief FROM result WHERE id = ?")

    def body(self, id_: int) -> bytes | None:
        """Return all of a result; None if it is forgotten."""
        if id_ < 0:
            return self._unsaved[id_][1]
        packed = self._content(id_, "SELECT key, file, mark, reads, body FROM result JOIN body USING (id) WHERE id = ?")
        return None if packed is None else zstandard.ZstdDecompressor().decompress(packed)

    def tree(self, key: bytes, tree: str) -> bytes | None:
        """Return what is remembered of a tree as a whole."""
        for (body,) in self._rows("SELECT body FROM tree WHERE key = ? AND tree = ?", key, tree):
            return _unsealed(_seal(key, tree), body)
        return None

    def remember_tree(self, key: bytes, tree: str, body: bytes) -> None:
        """Keep what is to be known of a tree as a whole."""
        self._rows(
            "INSERT OR REPLACE INTO tree VALUES (?, ?, ?, ?)", key, tree, _sealed(_seal(key, tree), body), _now()
        )

    def usage(self) -> Usage:
        """Return what is held, after a look at all of the file; in one that is damaged, nothing is."""
        with self._lock:
            problems = self._rows("PRAGMA quick_check(1)")
            if problems and problems[0][0] != "ok":
                self._give_up(f"it is damaged: {problems[0][0]}")
            counted = self._rows("SELECT (SELECT count(*) FROM result), (SELECT count(*) FROM tree)")
            results, trees = counted[0] if counted else (0, 0)
            size = 0 if self._trouble else _size(self._opened())
            return Usage(str(self.path or ""), results, trees, size, self._trouble)

    def clear(self) -> None:
        """Forget everything; a file that is of no use goes, and a new one takes its place.

        Raises:
            SettingsError: the file cannot be written.
        """
        with self._lock:
            try:
                if not self.usage().trouble:
                    connection = self._opened()
                    connection.executescript(
                        "BEGIN IMMEDIATE; DELETE FROM result; DELETE FROM body; DELETE FROM tree; COMMIT"
                    )
                    connection.executescript("PRAGMA incremental_vacuum")
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                elif self.path:
                    for end in ("", "-wal", "-shm"):
                        Path(f"{self.path}{end}").unlink(missing_ok=True)
                    self._connection, self._trouble = _connected(self.path), ""
            except _TROUBLE as error:
                raise SettingsError(f"the cache {self.path} cannot be cleared: {error}") from error

    def _content(self, id_: int, query: str) -> bytes | None:
        for *about, content in self._rows(query, id_):
            with self._lock:
                self._used.add(id_)
            return _unsealed(_seal(id_, *about), content)
        return None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows; none if the file is of no use."""
        with self._lock:
            try:
                return self._opened().execute(query, values).fetchall()
            except _TROUBLE as error:
                self._give_up(str(error))
                return []

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self.path is None:
                self._connection = _connected(None)
            else:
                try:
                    self._connection = _connected(self.path)
                except _TROUBLE as error:
                    self._give_up(str(error))
        assert self._connection is not None
        return self._connection

    def _give_up(self, why: str) -> None:
        """Go on in memory."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection, self._trouble = _connected(None), why

    def _note_use(self) -> None:
        used, now = sorted(self._used), _now()
        for at in range(0, len(used), _SLICE):
            some = used[at : at + _SLICE]
            marks = ",".join("?" * len(some))
            self._rows(f"UPDATE result SET used = ? WHERE id IN ({marks}) AND used < ?", now, *some, now - _HOUR)

    def _trim(self, connection: sqlite3.Connection) -> None:
        """Drop trees first, as they cost the least to find out, then results that were not used for longest."""
        if _size(connection) <= self._most_bytes:
            return
        connection.execute("BEGIN IMMEDIATE")
        for table in ("tree", "result"):
            wanted = self._most_bytes * _KEPT
            while (size := _size(connection)) > wanted:
                (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                if not count:
                    break
                most = max(1, round(count * (1 - wanted / size)))
                oldest = f"SELECT rowid FROM {table} ORDER BY used, rowid LIMIT {most}"
                connection.execute(f"DELETE FROM {table} WHERE rowid IN ({oldest})")
                connection.execute("DELETE FROM body WHERE id NOT IN (SELECT id FROM result)")
        connection.execute("COMMIT")
        connection.executescript("PRAGMA incremental_vacuum")


def _connected(path: Path | None) -> sqlite3.Connection:
    """Open a file, or memory.

    Raises:
        sqlite3.Error, OSError: the file is of no use.
    """
    if path:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))  # what DAGs hold is nobody else's to read
    connection = sqlite3.connect(path or ":memory:", timeout=_WAITING, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection)
    except _TROUBLE:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Have the tables there."""
    connection.execute("PRAGMA synchronous = NORMAL")
    end = time.monotonic() + _WAITING
    while True:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == _VERSION:
            return
        if version:
            raise sqlite3.DatabaseError(f"it is of version {version}, not {_VERSION}")
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            # SQLite does not wait for others that make the same file.
            connection.rollback()
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def _size(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _now() -> int:
    return int(time.time())


def _seal(*about: object) -> bytes:
    return repr(about).encode()


def _sealed(seal: bytes, content: bytes) -> bytes:
    """Return a content with what tells if it, or what it is sealed with, was damaged."""
    return hashlib.sha256(seal + content).digest() + content


def _unsealed(seal: bytes, found: object) -> bytes | None:
    """Return the content, if it is as it was sealed."""
    if not isinstance(found, bytes):
        return None
    return found[32:] if hashlib.sha256(seal + found[32:]).digest() == found[:32] else None
