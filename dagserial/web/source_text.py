"""Find the text that a version was read from, and who wrote it, in the repository that is served beside the store."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dagserial.diff.outputs.redaction import redacted_value
from dagserial.errors import DagserialError
from dagserial.store.versions import Origin
from dagserial.web.asked import Asked

_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_LARGEST = 200_000


@dataclass(frozen=True)
class SourceText:
    """The lines of a DAG file at a commit; those that look like secrets are left out.

    Attributes:
        line: at which the DAG is made, from 1; None if that is not known.
    """

    file: str
    commit: str
    lines: list[str]
    line: int | None


def source_of(asked: Asked, origin: Origin) -> SourceText | None:
    """Return the source of a version; None where there is no repository, or it does not have it."""
    served, commit = asked.site.repository, origin.bundle_version or ""
    if served is None or origin.file is None or origin.is_dirty or not _COMMIT.fullmatch(commit):
        return None
    try:
        with served.opened() as history, history.open(commit, origin.file) as file:
            body = file.read(_LARGEST + 1)
        text = body.decode() if len(body) <= _LARGEST else ""
    except (DagserialError, OSError, UnicodeDecodeError, ValueError):
        return None
    lines = [str(redacted_value(line)) for line in text.splitlines()]
    return SourceText(origin.file, commit, lines, origin.line) if lines else None


def author_of(asked: Asked, origin: Origin) -> str:
    """Return who wrote the commit of a version; empty where that is not known."""
    served, commit = asked.site.repository, origin.bundle_version or ""
    if served is None or not _COMMIT.fullmatch(commit):
        return ""
    key = f"author {commit}"
    kept = asked.site.diffs.get(key)
    if kept is None:
        try:
            with served.opened() as history:
                found = history.commits(f"{commit}~1..{commit}")
        except DagserialError:
            found = []
        kept = (found[0].author if found else "").encode()
        asked.site.diffs.put(key, kept, len(kept) + 100)
    return kept.decode()
