"""Find the record that a request means, checked and only if the caller may see it."""

from __future__ import annotations

import re
from base64 import b64encode

from dagserial.digest import Digest
from dagserial.errors import NotFoundError, UnknownFormatError
from dagserial.record import FORMAT, Record
from dagserial.store import RecordStore
from dagserial.store.prefix import candidates
from dagserial.store.runs import run_at
from dagserial.store.version_pages import version_at, version_page
from dagserial.web.asked import Asked
from dagserial.web.problems import RequestError
from dagserial.web.refs import digest_at
from dagserial.web.visibility import check_dag

_PREFIX = re.compile(r"sha256:[0-9a-f]{8,63}")
_MOST_CANDIDATES = 20
_OVERHEAD = 1024
"""Bytes that a record takes in memory beside its body."""


def digest_of(text: str) -> Digest:
    """Return a whole digest.

    Raises:
        RequestError: this is none.
    """
    try:
        return Digest(text)
    except ValueError as error:
        raise RequestError("digest_malformed", "a digest is `sha256:` and 64 lower-case hexadecimal digits") from error


def record_at(asked: Asked, digest: Digest) -> Record:
    """Return a record, its bytes checked against the digest when they were read.

    Raises:
        RequestError: there is none that the caller may see.
        DigestMismatchError: the stored bytes are not those that were put.
    """
    found = asked.site.records.get(digest)
    if found is None:
        try:
            found = RecordStore(asked.session).get(digest)
        except NotFoundError as error:
            raise _unknown(digest) from error
        asked.site.records.put(digest, found, len(found.body) + _OVERHEAD)
    if not asked.may_see(found.dag_id):
        raise _unknown(digest)
    return found


def readable_at(asked: Asked, digest: Digest) -> Record:
    """Return a record that this version reads, as `record_at`.

    Raises:
        UnknownFormatError: it is of a format that this version does not know.
    """
    found = record_at(asked, digest)
    if not 1 <= found.format <= FORMAT:
        raise UnknownFormatError(found.format, tuple(range(1, FORMAT + 1)))
    return found


def whole_digest(asked: Asked, text: str) -> Digest:
    """Return the one digest that a text is, or starts.

    Raises:
        RequestError: it is neither, there is none, or there are several.
    """
    if not _PREFIX.fullmatch(text):
        return digest_of(text)
    found = [digest for digest, dag_id in candidates(asked.session, text, 500) if asked.may_see(dag_id)]
    if not found:
        raise _unknown(text)
    if len(found) > 1:
        shown = [str(digest) for digest in found[:_MOST_CANDIDATES]]
        raise RequestError("digest_ambiguous", "several records start so", candidates=shown)
    return found[0]


def located(asked: Asked, locator: str) -> Digest:
    """Return the digest of the record that a locator means.

    It is a digest or the start of one, `dag_id@3`, `dag_id@latest`, `run:dag_id/run_id`, or `REF:dag_id`.

    Raises:
        RequestError: it is no locator, or there is no such record.
    """
    if locator.startswith("sha256:"):
        return whole_digest(asked, locator)
    if locator.startswith("run:"):
        return _run_digest(asked, locator.removeprefix("run:"))
    dag_id, at, number = locator.rpartition("@")
    if at and dag_id and (number == "latest" or (number.isascii() and number.isdigit())):
        return _version_digest(asked, dag_id, number)
    if ":" in locator:
        return digest_at(asked, locator)
    raise RequestError("locator", "a locator is sha256:…, dag_id@3, dag_id@latest, run:dag_id/run_id or REF:dag_id")


def repr_digest(digest: Digest) -> str:
    """Return a digest as RFC 9530 writes it."""
    return f"sha-256=:{b64encode(bytes.fromhex(digest.hex)).decode()}:"


def _unknown(text: str) -> RequestError:
    return RequestError("object_unknown", f"there is no record {text}")


def _run_digest(asked: Asked, text: str) -> Digest:
    # Both ids may hold slashes: the split that names a run is meant.
    at = text.find("/")
    while at > 0:
        dag_id, run_id = text[:at], text[at + 1 :]
        if asked.may_see(dag_id) and (run := run_at(asked.session, dag_id, run_id)) is not None:
            return run.digest
        at = text.find("/", at + 1)
    raise RequestError("run_unknown", "there is no such run")


def _version_digest(asked: Asked, dag_id: str, number: str) -> Digest:
    check_dag(asked, dag_id)
    if number == "latest":
        newest = version_page(asked.session, dag_id, limit=1)
        found = newest[0] if newest else None
    else:
        found = version_at(asked.session, dag_id, int(number)) if len(number) < 10 else None
    if found is None:
        raise RequestError("version_unknown", "there is no such version")
    return found.digest
