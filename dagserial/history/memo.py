"""Remember what DAG files gave, by what their runs looked at."""

from __future__ import annotations

import hashlib
import os
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

_NAME = "readings-1.sqlite"
_WAITING = 30.0
"""Seconds to wait for another process that writes."""

_DAY = 86400
_SLICE = 500
_KEPT = 0.8
"""The part of the bytes that is left when there were too many."""

_SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL,
    file TEXT NOT NULL,
    mark BLOB NOT NULL,
    reads BLOB NOT NULL,
    brief BLOB NOT NULL,
    body BLOB NOT NULL,
    used INTEGER NOT NULL,
    UNIQUE (key, file, mark)
);
CREATE TABLE IF NOT EXISTS tree (
    key BLOB NOT NULL,
    tree TEXT NOT NULL,
    body BLOB NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (key, tree)
);
"""


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
    """What a memo holds: results of DAG files, trees, and the bytes that they take on disk."""

    path: str
    results: int
    trees: int
    size: int


class Memo:
    """Results of DAG files and what trees consist of, in an SQLite file that processes and threads may share.

    A memo forgets: what it does not know is worked out again, and a file that is damaged or cannot be written is as
    good as none. A context manager; whoever opens it closes it.

    Args:
        folder: where the file is; None to remember in memory, until it is closed.
    """

    def __init__(self, folder: Path | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.RLock()
        self._most_bytes = most_bytes
        self._unsaved: dict[int, tuple[bytes, bytes]] = {}
        self._used: set[int] = set()
        self.path = None if folder is None else folder / _NAME
        self._connection = _opened(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Note what was used, drop what is too much, and close the file."""
        with self._lock, suppress(sqlite3.Error):
            if self.path:
                self._note_use()
                self._trim()
            self._connection.close()

    def known(self, key: bytes, file: str) -> list[Known]:
        """Return the results of a DAG file that are remembered under a key, the newest first."""
        rows = self._rows("SELECT id, mark, reads FROM result WHERE key = ? AND file = ? ORDER BY id DESC", (key, file))
        return [Known(id_, mark, msgspec.msgpack.decode(reads, type=Reads | None)) for id_, mark, reads in rows]

    def remember(
        self, key: bytes, file: str, known: tuple[bytes, Reads | None] | None, brief: bytes, body: bytes
    ) -> int:
        """Keep a result, and return the number under which it is found.

        Args:
            known: mark and reads, as of `Known`; None for what is not to be given to anybody else.
            brief: what is asked for often.
            body: all of it.
        """
        with self._lock:
            if known is not None:
                mark, reads = known
                packed = zstandard.ZstdCompressor(3).compress(body)
                row = (key, file, mark, msgspec.msgpack.encode(reads), _sealed(brief), _sealed(packed), _today())
                self._write(
                    "INSERT OR IGNORE INTO result (key, file, mark, reads, brief, body, used) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
                found = self._rows("SELECT id FROM result WHERE key = ? AND file = ? AND mark = ?", (key, file, mark))
                if found:
                    return int(found[0][0])
            number = -1 - len(self._unsaved)
            self._unsaved[number] = brief, body
            return number

    def brief(self, id_: int) -> bytes | None:
        """Return what is asked for often of a result; None if it is forgotten."""
        if id_ < 0:
            return self._unsaved[id_][0]
        self._used.add(id_)
        return _unsealed(self._rows("SELECT brief FROM result WHERE id = ?", (id_,)))

    def body(self, id_: int) -> bytes | None:
        """Return all of a result; None if it is forgotten."""
        if id_ < 0:
            return self._unsaved[id_][1]
        self._used.add(id_)
        packed = _unsealed(self._rows("SELECT body FROM result WHERE id = ?", (id_,)))
        return None if packed is None else zstandard.ZstdDecompressor().decompress(packed)

    def tree(self, key: bytes, tree: str) -> bytes | None:
        """Return what is remembered of a tree as a whole."""
        return _unsealed(self._rows("SELECT body FROM tree WHERE key = ? AND tree = ?", (key, tree)))

    def remember_tree(self, key: bytes, tree: str, body: bytes) -> None:
        """Keep what is to be known of a tree as a whole."""
        row = (key, tree, _sealed(body), _today())
        self._write("INSERT OR REPLACE INTO tree (key, tree, body, used) VALUES (?, ?, ?, ?)", row)

    def forget_tree(self, key: bytes, tree: str) -> None:
        """Forget what is known of a tree as a whole."""
        self._write("DELETE FROM tree WHERE key = ? AND tree = ?", (key, tree))

    def usage(self) -> Usage:
        """Return what is held.

        Raises:
            SettingsError: the file cannot be read.
        """
        try:
            (results,), (trees,) = (
                self._connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("result", "tree")
            )
            return Usage(str(self.path or ""), results, trees, self._size())
        except sqlite3.Error as error:
            raise SettingsError(f"the cache {self.path} cannot be read: {error}") from error

    def clear(self) -> None:
        """Forget everything.

        Raises:
            SettingsError: the file cannot be written.
        """
        try:
            for command in ("DELETE FROM result", "DELETE FROM tree", "PRAGMA incremental_vacuum"):
                self._connection.execute(command).fetchall()
        except sqlite3.Error as error:
            raise SettingsError(f"the cache {self.path} cannot be cleared: {error}") from error

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """Return rows; none if the file is of no use."""
        with self._lock, suppress(sqlite3.Error):
            return self._connection.execute(query, values).fetchall()
        return []

    def _write(self, command: str, values: tuple[object, ...]) -> None:
        with self._lock, suppress(sqlite3.Error):
            self._connection.execute(command, values)

    def _size(self) -> int:
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _note_use(self) -> None:
        used = sorted(self._used)
        for at in range(0, len(used), _SLICE):
            some = used[at : at + _SLICE]
            marks = ",".join("?" * len(some))
            self._write(f"UPDATE result SET used = ? WHERE id IN ({marks}) AND used <> ?", (_today(), *some, _today()))

    def _trim(self) -> None:
        """Drop trees first, as they cost the least to find out, then results that were not used for longest."""
        if self._size() <= self._most_bytes:
            return
        for table, key, order in (("tree", "rowid", "used"), ("result", "id", "used, id")):
            wanted = self._most_bytes * _KEPT
            while (size := self._size()) > wanted:
                (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                if not count:
                    break
                oldest = (
                    f"SELECT {key} FROM {table} ORDER BY {order} LIMIT {max(1, round(count * (1 - wanted / size)))}"
                )
                self._connection.execute(f"DELETE FROM {table} WHERE {key} IN ({oldest})")
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()


def _opened(path: Path | None) -> sqlite3.Connection:
    """Open a file; one that is of no use is replaced, and where that is not possible either, memory serves."""
    if path is not None:
        for _ in range(2):
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                return _connected(str(path))
            except sqlite3.OperationalError:
                break
            except sqlite3.DatabaseError:
                for end in ("", "-wal", "-shm"):
                    with suppress(OSError):
                        os.unlink(f"{path}{end}")
            except OSError:
                break
    return _connected(":memory:")


def _connected(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(name, timeout=_WAITING, isolation_level=None, check_same_thread=False)
    try:
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _today() -> int:
    return int(time.time()) // _DAY


def _sealed(content: bytes) -> bytes:
    """Return a content with what tells if it was damaged."""
    return hashlib.sha256(content).digest() + content


def _unsealed(rows: list[tuple[Any, ...]]) -> bytes | None:
    """Return the content of the first row, if there is one and it is as it was sealed."""
    if not rows:
        return None
    found = bytes(rows[0][0])
    return found[32:] if hashlib.sha256(found[32:]).digest() == found[:32] else None
