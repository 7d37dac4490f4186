"""Choose a representation by what a client accepts: RFC 9110, 12.5.1."""

from __future__ import annotations

from collections.abc import Sequence

from dagserial.web.problems import RequestError

JSON, HTML = "application/json", "text/html"

_MOST = 50
"""Ranges of Accept that are looked at."""


def chosen(accept: str | None, offered: Sequence[str]) -> str:
    """Return the media type that fits best; the first of those that fit as well.

    >>> chosen("text/html;q=0.5, application/*", ["text/html", "application/json"])
    'application/json'

    Raises:
        RequestError: none is accepted.
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_range(part) for part in accept.split(",")[:_MOST]]
    weights = {kind: _weight(kind, ranges) for kind in offered}
    best = max(offered, key=lambda kind: weights[kind])
    if weights[best] <= 0:
        raise RequestError("not_acceptable", f"this is served as {' and '.join(offered)}")
    return best


def _range(text: str) -> tuple[str, float]:
    kind, *parameters = (part.strip().lower() for part in text.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            weight = _number(value.strip())
    return kind, weight


def _number(text: str) -> float:
    """Return a weight; what is none counts as not accepted."""
    is_weight = text[:1] in ("0", "1") and len(text) <= 5 and text.replace(".", "", 1).isdigit() and text.isascii()
    return min(float(text), 1.0) if is_weight else 0.0


def _weight(kind: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that a media type is in; 0 if it is in none."""
    whole = kind.partition("/")[0] + "/*"
    for pattern in (kind, whole, "*/*"):
        found = [weight for one, weight in ranges if one == pattern]
        if found:
            return max(found)
    return 0.0
