"""Address bytes by their SHA-256: `sha256:<64 hex>`."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

_FORM = re.compile(r"sha256:[0-9a-f]{64}")


class Digest(str):
    """The address of a body: `sha256:` and 64 lower-case hexadecimal digits.

    >>> Digest.of(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the form of `text`.

        Raises:
            ValueError: `text` is not `sha256:` and 64 lower-case hexadecimal digits.
        """
        if not _FORM.fullmatch(text):
            raise ValueError(f"not a digest: {text!r}; a digest is 'sha256:' and 64 lower-case hexadecimal digits")
        return super().__new__(cls, text)

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Return the digest of `body`; `sha256sum` on the same bytes agrees."""
        return cls("sha256:" + hashlib.sha256(body).hexdigest())

    @property
    def hex(self) -> str:
        """The 64 digits alone."""
        return self[7:]

    @property
    def short(self) -> str:
        """The prefix people read and type: `sha256:` and 8 digits."""
        return self[:15]
