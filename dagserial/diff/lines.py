"""Tell two texts apart by line."""

import difflib
import re
from collections.abc import Iterator

from dagserial.model import Value

_CONTEXT_LINES = 2
_MOST_LINES = 2000
"""If more lie between the first and the last difference, texts are not compared by line: `difflib` is quadratic."""
_HUNK = re.compile(r"([-+])(\d+)")


def are_texts(before: Value, after: Value) -> bool:
    """Tell whether two values are strings that are told apart by line."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    if "\n" not in before and "\n" not in after:
        return False
    _, olds, news = _around_edit(before, after)
    return max(len(olds), len(news)) <= _MOST_LINES


def _around_edit(before: str, after: str) -> tuple[int, list[str], list[str]]:
    """Return the lines from two before the first that differs to two behind the last, and the number of the first."""
    old, new = before.split("\n"), after.split("\n")
    start = max(0, _common(old, new) - _CONTEXT_LINES)
    end = max(0, _common(old[start:][::-1], new[start:][::-1]) - _CONTEXT_LINES)
    return start, old[start : len(old) - end], new[start : len(new) - end]


def _common(old: list[str], new: list[str]) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), min(len(old), len(new))
    )


def line_diff(before: str, after: str) -> Iterator[str]:
    """Yield the lines of a unified diff without its head.

    Lines end at newlines alone, so that no difference goes unseen.
    """
    start, old, new = _around_edit(before, after)
    for line in list(difflib.unified_diff(old, new, n=_CONTEXT_LINES, lineterm=""))[2:]:
        yield _HUNK.sub(lambda found: f"{found[1]}{int(found[2]) + start}", line) if line[0] == "@" else line
