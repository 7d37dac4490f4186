"""Name what can go wrong with a request, and write it as RFC 9457 has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.errors import (
    DagserialError,
    DigestMismatchError,
    NotFoundError,
    RecordError,
    SettingsError,
)

MEDIA_TYPE = "application/problem+json"


class Kind(msgspec.Struct, frozen=True):
    """A kind of problem.

    Attributes:
        code: never changes its meaning.
        title: the same each time.
    """

    code: str
    status: int
    title: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a request that failed is answered.

    Attributes:
        type: URL of the kind of problem.
        detail: what went wrong this time.
        candidates: what an ambiguous name may mean.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    candidates: list[str] | UnsetType = UNSET


_KINDS = (
    Kind("parameter", 400, "A parameter of the query is wrong"),
    Kind("limit", 400, "The limit is out of range"),
    Kind("cursor", 400, "The cursor belongs to another query"),
    Kind("path", 400, "The path is malformed"),
    Kind("digest_malformed", 400, "This is no digest"),
    Kind("digest_ambiguous", 400, "Several digests start so"),
    Kind("locator", 400, "This is no locator"),
    Kind("unauthenticated", 401, "Who asks is not known"),
    Kind("forbidden", 403, "This caller may not use the service"),
    Kind("not_found", 404, "There is nothing here"),
    Kind("dag_unknown", 404, "There is no such DAG"),
    Kind("version_unknown", 404, "There is no such version"),
    Kind("run_unknown", 404, "There is no such run"),
    Kind("task_unknown", 404, "There is no such task"),
    Kind("object_unknown", 404, "There is no such record"),
    Kind("ref_unknown", 404, "There is no such ref"),
    Kind("rule_unknown", 404, "There is no such rule"),
    Kind("schema_unknown", 404, "There is no such schema"),
    Kind("no_repository", 404, "No repository is served"),
    Kind("method", 405, "Nothing is written here"),
    Kind("not_acceptable", 406, "There is no such representation"),
    Kind("uri_too_long", 414, "The URL is too long"),
    Kind("record_unsupported", 422, "This version does not read the record"),
    Kind("headers_too_large", 431, "The headers are too large"),
    Kind("object_corrupt", 500, "The stored bytes are not those that were put"),
    Kind("internal", 500, "The server failed"),
    Kind("store_unavailable", 503, "The store cannot be read"),
    Kind("time_limit", 503, "The answer takes too long"),
)

PROBLEMS: Mapping[str, Kind] = {kind.code: kind for kind in _KINDS}
"""Every kind of problem by its code, by status."""


class RequestError(DagserialError):
    """A request cannot be answered as it was asked.

    Attributes:
        kind: of problem.
        candidates: what an ambiguous name may mean; none for other problems.
        headers: that the answer needs.
    """

    def __init__(
        self, code: str, detail: str, *, candidates: list[str] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = PROBLEMS[code]
        self.candidates = candidates
        self.headers = dict(headers or {})

    def problem(self, type_url: str) -> Problem:
        """Return what is answered."""
        return Problem(
            type=type_url,
            title=self.kind.title,
            status=self.kind.status,
            detail=str(self),
            code=self.kind.code,
            candidates=UNSET if self.candidates is None else self.candidates,
        )


_CODES: tuple[tuple[type[DagserialError], str], ...] = (
    (DigestMismatchError, "object_corrupt"),
    (RecordError, "record_unsupported"),
    (NotFoundError, "not_found"),
    (SettingsError, "parameter"),
)
"""Which problem an error of the layers below is; the first that fits."""


def translated(error: DagserialError) -> RequestError:
    """Return the problem that an error is."""
    if isinstance(error, RequestError):
        return error
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "internal")
    # What an unforeseen error says may be for the operator alone.
    return RequestError(code, "see the log of the server" if code == "internal" else str(error))


def encoded(value: Any) -> bytes:
    """Return a struct as JSON."""
    return msgspec.json.encode(value, enc_hook=str)
