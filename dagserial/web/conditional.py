"""Say whether what a client holds is what it would get: RFC 9110, 13.1."""

from __future__ import annotations

import re
from hashlib import sha256

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LONGEST = 4096
"""Characters of If-None-Match that are looked at; a list that is longer matches nothing."""
_MOST = 64
"""Tags of If-None-Match that are looked at."""


def entity_tag(body: bytes) -> str:
    """Return a strong validator of these very bytes.

    >>> entity_tag(b"")
    '"e3b0c44298fc1c149afbf4c8996fb924"'
    """
    return f'"{sha256(body).hexdigest()[:32]}"'


def is_held(if_none_match: str | None, tag: str) -> bool:
    """Tell whether the client's list names a validator; tags compare weakly.

    >>> is_held('"a", W/"b"', '"b"')
    True
    """
    if if_none_match is None or len(if_none_match) > _LONGEST:
        return False
    if if_none_match == tag or if_none_match.strip() == "*":
        return True
    if if_none_match.count(",") >= _MOST:
        return False
    return any(
        (found := _TAG.fullmatch(part.strip())) is not None and found[1] == tag for part in _parts(if_none_match)
    )


def _parts(text: str) -> list[str]:
    """Return the parts of a list; a comma within a tag makes parts that are none, and match nothing."""
    return text.split(",")
