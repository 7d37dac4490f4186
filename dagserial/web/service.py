"""Say what is served, and by what."""

from __future__ import annotations

import platform
from importlib.metadata import version

import msgspec
from sqlalchemy import text

from dagserial.diff.document import FORMAT as DIFF_FORMAT
from dagserial.record import FORMAT
from dagserial.web.asked import Asked
from dagserial.web.problems import PROBLEMS, RequestError

_LINKED = ("dags", "runs", "refs", "rules", "schemas", "problems", "versions", "health", "openapi")


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """What there is.

    Attributes:
        api: version of the API; what it documents stays, more may come.
        record_formats: that are read.
        links: from here, by name.
    """

    api: str
    record_formats: list[int]
    diff_format: str
    links: dict[str, str]


class Health(msgspec.Struct, frozen=True):
    """Whether the store can be read; else this is a problem."""

    store: str


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What answers."""

    dagserial: str
    python: str
    record_format: int
    diff_format: str


class ProblemKind(msgspec.Struct, frozen=True):
    """A kind of problem."""

    code: str
    status: int
    title: str


class Problems(msgspec.Struct, frozen=True):
    """Every kind of problem, by status."""

    problems: list[ProblemKind]


def index(asked: Asked) -> Index:
    """Return what there is."""
    return Index(
        api="v1",
        record_formats=list(range(1, FORMAT + 1)),
        diff_format=DIFF_FORMAT,
        links={name: asked.url(name) for name in _LINKED},
    )


def health(asked: Asked) -> Health:
    """Look whether the store can be read."""
    asked.session.execute(text("SELECT 1"))
    return Health("readable")


def versions(_asked: Asked) -> Versions:
    """Return what answers."""
    return Versions(
        dagserial=version("dagserial"),
        python=platform.python_version(),
        record_format=FORMAT,
        diff_format=DIFF_FORMAT,
    )


def problems(_asked: Asked) -> Problems:
    """Return every kind of problem."""
    return Problems([ProblemKind(kind.code, kind.status, kind.title) for kind in PROBLEMS.values()])


def problem(asked: Asked) -> ProblemKind:
    """Return one kind of problem.

    Raises:
        RequestError: there is none of this code.
    """
    kind = PROBLEMS.get(asked.place["code"])
    if kind is None:
        raise RequestError("not_found", "there is no such kind of problem")
    return ProblemKind(kind.code, kind.status, kind.title)
