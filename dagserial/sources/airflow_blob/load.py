"""Load a blob from what holds it: a file, bytes, a text, a dict, a value of Airflow's `serialized_dag` table."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from dagserial.errors import BlobError

Blob = dict[str, Any]
"""A serialized DAG as JSON holds it: `{"__version": ..., "dag": {...}}`."""

MAX_BLOB_BYTES = 2**27
"""What a blob may take once it is unpacked: 128 MiB, so that a few bytes of zlib do not fill the memory."""

_ZLIB = 0x78
"""The first byte of zlib's streams (RFC 1950, 2.2), with which no JSON begins but that of a text `x`."""


def load(thing: object) -> Blob:
    """Return the blob that a thing holds, checked to be one on its outside.

    Args:
        thing: a path, bytes (JSON or its zlib form, as `serialized_dag.data_compressed`), a text, or the dict itself.

    Raises:
        BlobError: it holds none, or more than `MAX_BLOB_BYTES`.
    """
    if isinstance(thing, Path):
        thing = _file(thing)
    if isinstance(thing, memoryview | bytearray):
        thing = bytes(thing)
    if isinstance(thing, bytes):
        thing = _unpacked(thing)
    if isinstance(thing, bytes | str):
        thing = _parsed(thing)
    if isinstance(thing, Mapping) and isinstance(thing.get("data"), Mapping) and "dag" not in thing:
        thing = thing["data"]  # a row of `serialized_dag`
    if not isinstance(thing, dict) or "__version" not in thing:
        raise BlobError("this is no serialized DAG of Airflow: a JSON object with `__version` and `dag`")
    return thing


class _Head(msgspec.Struct):
    """What tells a blob from a record, which says `format`."""

    version: msgspec.Raw | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="__version")


_HEAD = msgspec.json.Decoder(_Head)


def is_blob(body: bytes) -> bool:
    """Tell whether bytes are rather a blob than a record; what is neither is none."""
    if body[:1] == bytes([_ZLIB]):
        return True
    if b'"__version"' not in body:
        return False
    try:
        return _HEAD.decode(body).version is not msgspec.UNSET
    except (msgspec.MsgspecError, RecursionError):  # NaN, which no record holds and blobs do
        return True


def _file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BLOB_BYTES:
            raise BlobError(f"{str(path)!r} takes more than {MAX_BLOB_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise BlobError(f"{str(path)!r} cannot be read: {error.strerror}") from error


def _unpacked(packed: bytes) -> bytes:
    """Return the JSON of bytes that may be packed by zlib (Airflow, `[core] compress_serialized_dags`)."""
    if packed[:1] != bytes([_ZLIB]):
        return packed
    stream = zlib.decompressobj()
    try:
        found = stream.decompress(packed, MAX_BLOB_BYTES)
    except zlib.error as error:
        raise BlobError(f"the zlib stream cannot be unpacked: {error}") from error
    if stream.unconsumed_tail:
        raise BlobError(f"the zlib stream unpacks to more than {MAX_BLOB_BYTES} bytes")
    if not stream.eof or stream.unused_data:
        raise BlobError("the zlib stream is cut short, or followed by something")
    return found


def _parsed(text: bytes | str) -> Any:
    """Return what JSON says, `NaN` and `Infinity` included, which Airflow writes bare; integers are exact."""
    if len(text) > MAX_BLOB_BYTES:
        raise BlobError(f"the blob takes more than {MAX_BLOB_BYTES} bytes")
    try:
        return json.loads(text)
    except RecursionError:
        raise BlobError("the blob is nested too deeply") from None
    except ValueError as error:
        raise BlobError(f"the blob is not JSON: {error}") from error
