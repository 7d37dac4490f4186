"""Hold a file as it is on one side of a change."""

import msgspec


class FileSide(msgspec.Struct, frozen=True):
    """A file on one side of a change, as Git hands it to a diff driver.

    Attributes:
        path: from the top of the tree, with `/`.
        content: its bytes; of a link, where it leads.
        mode: as Git has it, such as `100644`; six octal digits.
        blob: what Git calls the content, 40 or 64 hex; None if it may not have it, as of a file of the work tree.
    """

    path: str
    content: bytes
    mode: str = "100644"
    blob: str | None = None

    @property
    def is_file(self) -> bool:
        """Tell a file from a link and a submodule."""
        return self.mode.startswith("100")
