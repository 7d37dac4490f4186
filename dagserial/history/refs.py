"""Resolve refs to commits, and say what to do about those that do not resolve."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches

from dagserial.errors import NotFoundError, RepositoryError, SettingsError
from dagserial.history.repository import Repository, reason

_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT_ID = re.compile(r"[0-9a-f]{4,64}")
_AMBIGUOUS = re.compile(r"short (object ID|SHA1) \S+ is ambiguous")
_NAMESPACES = ("refs/heads", "refs/tags", "refs/remotes")


def commit(repository: Repository, ref: str) -> str:
    """Return the commit that a ref names: 40 hex, or 64 in a repository of SHA-256 objects.

    Args:
        ref: anything `git rev-parse` takes for one commit.

    Raises:
        SettingsError: `ref` can be no ref; git does not get to see it.
        NotFoundError: `ref` names no commit, or more than one.
        RepositoryError: the repository has no commit yet.
    """
    _check_form(ref)
    # `:/text` takes all that follows for text; it names a commit anyway.
    target = ref if ref.startswith(":/") else ref + "^{commit}"
    status, output, _ = repository.run("rev-parse", "--verify", "--quiet", "--end-of-options", target)
    found = output.strip()
    if status or not _ID.fullmatch(found):
        raise _explained(repository, ref, target)
    return found.decode()


def merge_base(repository: Repository, a: str, b: str) -> str:
    """Return the best common ancestor of two refs, as `git merge-base` does.

    Raises:
        SettingsError: as for `commit`.
        NotFoundError: a ref does not exist, or the two have no ancestor in common.
        RepositoryError: the repository has no commit yet, or its history cannot be read.
    """
    status, output, diagnostics = repository.run("merge-base", commit(repository, a), commit(repository, b))
    found = output.strip()
    # git merge-base ends with 1 over a commit that is missing, as it does without a common ancestor.
    if status not in (0, 1) or "error: " in diagnostics:
        raise RepositoryError(f"git cannot read the history of {repository}: {reason(diagnostics)}")
    if found:
        return found.decode()
    if _is_shallow(repository):
        raise NotFoundError(
            f"{a!r} and {b!r} have no common ancestor in {repository}, which is a shallow clone; "
            "run `git fetch --unshallow` first"
        )
    raise NotFoundError(f"{a!r} and {b!r} have no common ancestor in {repository}")


def is_ancestor(repository: Repository, older: str, newer: str) -> bool:
    """Tell whether a commit is another one or led to it; not so one that is not there."""
    return not repository.run("merge-base", "--is-ancestor", older, newer)[0]


def _check_form(ref: str) -> None:
    if not ref:
        raise SettingsError("a ref is missing: it is the empty string")
    if ref.startswith("-"):
        raise SettingsError(f"{ref!r} is refused as a ref: a ref does not start with '-'")
    if "\0" in ref or "\n" in ref:
        raise SettingsError(f"{ref!r} is refused as a ref: a ref holds neither NUL nor a line break")
    try:
        os.fsencode(ref)
    except UnicodeEncodeError as error:
        raise SettingsError(f"{ref!r} is refused as a ref: it is no text that a file name could hold") from error


def _explained(repository: Repository, ref: str, target: str) -> NotFoundError | RepositoryError:
    """Return the error for a ref that does not resolve; git's own words say little."""
    known = names(repository)
    if not known and _resolves_not(repository, "HEAD"):
        return RepositoryError(f"{repository} has no commit yet")
    _, _, diagnostics = repository.run("rev-parse", "--verify", "--end-of-options", target)
    if _AMBIGUOUS.search(diagnostics):
        return NotFoundError(
            f"ref {ref!r} is ambiguous in {repository}: several commits start so; write more of its digits"
        )
    cause = reason(diagnostics)
    because = f" ({cause})" if cause.startswith(("log for ", "no upstream ", "no such branch")) else ""
    return NotFoundError(f"ref {ref!r} does not exist in {repository}{because}{_advice(repository, ref, known)}")


def _advice(repository: Repository, ref: str, names: list[str]) -> str:
    named = re.split(r"[~^:]|@\{", ref)[0]
    known = named in ("", "@", "HEAD", *names)
    if _is_shallow(repository):
        return f", which is a shallow clone; run {_fetches(ref, named, known)} first"
    if named in ("HEAD", "@") and _resolves_not(repository, "HEAD"):
        return "; HEAD is on a branch without a commit"
    close = [] if known else _close(named, names)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _fetches(ref: str, named: str, known: bool) -> str:
    """Return the commands that may bring a ref, and make it known by just its name."""
    if _ID.fullmatch(os.fsencode(ref)):
        return f"`git fetch origin {ref}`"
    if known or _SHORT_ID.fullmatch(named):
        return "`git fetch --unshallow`"
    if named.startswith("origin/"):
        return f"`git fetch origin {named.removeprefix('origin/')}:refs/remotes/{named}`"
    return f"`git fetch --unshallow --tags`, or for a branch `git fetch origin {named}:{named}`,"


def _close(named: str, names: list[str]) -> list[str]:
    same = [name for name in names if name.endswith("/" + named)]
    return list(dict.fromkeys(same + get_close_matches(named, names, n=3)))[:3]


def names(repository: Repository) -> list[str]:
    """Return branches, tags and remote branches, as one types them."""
    _, output, _ = repository.run("for-each-ref", "--format=%(refname:lstrip=2)", *_NAMESPACES)
    return os.fsdecode(output).splitlines()


def _resolves_not(repository: Repository, ref: str) -> bool:
    return repository.run("rev-parse", "--verify", "--quiet", ref)[0] != 0


def _is_shallow(repository: Repository) -> bool:
    return repository.run("rev-parse", "--is-shallow-repository")[1].strip() == b"true"
