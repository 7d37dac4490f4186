"""Say what stays inside of a tree: names, and where links lead."""

from __future__ import annotations

from collections.abc import Callable

_LONGEST_LINK = 4096
_MOST_HOPS = 40
"""As Linux allows (path_resolution(7))."""


def is_unsafe(name: bytes) -> bool:
    """Tell whether a name in a tree would be another place on disk, or a repository's own folder."""
    return name in (b"", b".", b"..") or b"/" in name or name.lower() == b".git"


def place(path: bytes, target: Callable[[bytes], bytes | None]) -> bytes | None:
    """Follow the links in a path; return where it leads to in the tree, there or not; None if out of it or in a circle.

    Args:
        path: from the top of the tree.
        target: what the link at a path says; None if there is no link.
    """
    where: list[bytes] = []
    ahead = path.split(b"/")[::-1]
    hops = 0
    while ahead:
        name = ahead.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            if not where:
                return None
            where.pop()
            continue
        link = target(b"/".join([*where, name]))
        if link is None:
            where.append(name)
            continue
        hops += 1
        if hops > _MOST_HOPS or not 0 < len(link) <= _LONGEST_LINK or link.startswith(b"/") or b"\0" in link:
            return None
        ahead += link.split(b"/")[::-1]
    return b"/".join(where)
