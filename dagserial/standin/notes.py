"""Remember what the stand-in had to assume, with the line that made it."""

from __future__ import annotations

import sys


class Notes:
    """What was assumed while one DAG file ran.

    Attributes:
        root: folder of the tree; only its files are named.
        found: (path from the root, line, message), each once.
        lacking: what the file asked for and nobody supplied, each once: (`Variable`, its key).
    """

    def __init__(self) -> None:
        self.root = ""
        self.found: dict[tuple[str, int, str], None] = {}
        self.lacking: dict[tuple[str, str], None] = {}

    def start(self, root: str) -> None:
        """Forget what was found and watch another tree."""
        self.root = root.rstrip("/") + "/"
        self.found.clear()
        self.lacking.clear()

    def add(self, message: str) -> None:
        """Note a message at the line of the tree that runs now; nothing if no file of the tree runs."""
        frame = sys._getframe(1)
        while frame is not None:
            if self.root and frame.f_code.co_filename.startswith(self.root):
                self.found[(frame.f_code.co_filename[len(self.root) :], frame.f_lineno, message)] = None
                return
            frame = frame.f_back  # type: ignore[assignment]

    def is_asked_by_tree(self, depth: int) -> bool:
        """Tell whether the function `depth` calls above this one's caller belongs to the tree."""
        return bool(self.root) and sys._getframe(depth + 1).f_code.co_filename.startswith(self.root)


NOTES = Notes()
"""One interpreter runs one DAG file at a time; symbols have no other way to reach it."""
