"""Answer with the refs of the repository that is served beside the store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from dagserial.digest import Digest
from dagserial.errors import NotFoundError, RepositoryError, SettingsError
from dagserial.history import History
from dagserial.web.asked import Asked
from dagserial.web.pagination import Page, cut, key_after
from dagserial.web.problems import RequestError
from dagserial.web.visibility import unknown_dag

_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*(?:[~^][0-9]{0,3}){0,10}")
"""Refs that may be asked for: not those that search commits, nor the work tree."""
_LONGEST = 250


class RefRow(msgspec.Struct, frozen=True):
    """A branch, a tag or a remote branch."""

    ref: str
    url: str


class RefPage(Page, frozen=True, kw_only=True, omit_defaults=True):
    """The refs, by name."""

    refs: list[RefRow]


class RefRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a DAG at a ref; it need not be in the store."""

    dag_id: str
    digest: Digest
    record_url: str


class RefAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a ref names now.

    Attributes:
        records: by dag_id; None where DAG files are not read.
    """

    ref: str
    commit: str
    records: list[RefRecord] | None


def listed(asked: Asked) -> RefPage:
    """Return a page of refs."""
    key = key_after(asked, "refs", tuple[str])
    with _opened(asked) as history:
        names = [name for name in history.refs() if not key or name > key[0]]
    shown, where = cut(asked, "refs", names, lambda name: [name])
    return RefPage(refs=[RefRow(name, asked.url("ref", ref=name)) for name in shown], **where)


def one(asked: Asked) -> RefAnswer:
    """Return what a ref names."""
    ref = _checked(asked.place["ref"])
    with _opened(asked) as history:
        commit = history.commit(ref)
        assert commit is not None
        served = asked.site.repository
        records = None
        if served is not None and served.parse:
            entries = history.at(commit).entries
            records = [
                RefRecord(dag_id=one.dag_id, digest=one.digest, record_url=asked.url("object", digest=one.digest))
                for one in (entry.record for entry in entries)
                if asked.may_see(one.dag_id)
            ]
    return RefAnswer(ref=ref, commit=commit, records=records)


def digest_at(asked: Asked, locator: str) -> Digest:
    """Return the digest of the record that `REF:dag_id` means now.

    Raises:
        RequestError: there is no such ref or DAG, or DAG files are not read.
    """
    ref, _, dag_id = locator.partition(":")
    if not asked.may_see(dag_id):
        raise unknown_dag()
    served = asked.site.repository
    if served is not None and not served.parse:
        raise RequestError("no_repository", "DAG files are not read here; name records by digest or version")
    with _opened(asked) as history:
        try:
            return history.record(dag_id, _checked(ref)).digest
        except NotFoundError as error:
            raise RequestError("ref_unknown", "there is no such ref, or it has no such DAG") from error


@contextmanager
def _opened(asked: Asked) -> Iterator[History]:
    """Open the repository.

    Raises:
        RequestError: there is none, or it has no such ref.
    """
    if asked.site.repository is None:
        raise RequestError("no_repository", "no repository is served here")
    try:
        with asked.site.repository.opened() as history:
            yield history
    except (NotFoundError, SettingsError) as error:
        raise RequestError("ref_unknown", "there is no such ref") from error
    except RepositoryError as error:
        raise RequestError("store_unavailable", "the repository cannot be read") from error


def _checked(ref: str) -> str:
    if len(ref) > _LONGEST or not _REF.fullmatch(ref):
        raise RequestError("ref_unknown", "there is no such ref")
    return ref
