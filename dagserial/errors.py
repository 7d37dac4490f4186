"""Name every error that dagserial raises, in one tree.

Messages are sentences that hold the offending value and where it stands; the same facts are attributes.
Errors know nothing of exit codes or HTTP: `cli` and `web` translate them.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagserial.diff import Diff


class DagserialError(Exception):
    """The root: whatever dagserial raises on purpose derives from it."""


class CanonicalError(DagserialError, ValueError):
    """A value has no RFC 8785 form: not JSON, not finite, or too large for an exact number."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(f"{message} (at {pointer or '$'})")
        self.pointer = pointer


class UnsupportedValueError(DagserialError, ValueError):
    """A value of a DAG has no form in a record.

    Attributes:
        pointer: JSON pointer of the value in the record.
        type_name: dotted name of the value's class; empty if the class is not to blame.
        hint: what to do about it; may be empty.
        dag_id: the DAG that holds it; empty where that is not known, as are `file` and `line`.
        file: where the DAG is declared.
        line: line of `file` at which the task, or else the DAG, is declared, from 1; 0 if not known.
    """

    def __init__(
        self,
        message: str,
        pointer: str = "",
        type_name: str = "",
        hint: str = "",
        *,
        dag_id: str = "",
        file: str = "",
        line: int = 0,
    ) -> None:
        declared = f"DAG {dag_id!r}" + (f", {file}:{line}" if file else "") if dag_id else ""
        place = ", ".join(filter(None, [f"at {pointer or '$'}", declared]))
        super().__init__(f"{message} ({place})" + (f"; {hint}" if hint else ""))
        self.message = message
        self.pointer = pointer
        self.type_name = type_name
        self.hint = hint
        self.dag_id = dag_id
        self.file = file
        self.line = line

    def declared(self, dag_id: str, file: str, line: int) -> UnsupportedValueError:
        """Return the same error with where the value is declared."""
        return UnsupportedValueError(
            self.message, self.pointer, self.type_name, self.hint, dag_id=dag_id, file=file, line=line
        )


class InvalidDagError(DagserialError, ValueError):
    """A DAG contradicts itself: an unknown neighbour, a cycle, an unknown group."""


class MapLengthError(DagserialError, ValueError):
    """A mapped task would have more instances than allowed."""

    def __init__(self, length: int, limit: int, task_id: str = "") -> None:
        of = f" of task {task_id!r}" if task_id else ""
        super().__init__(f"mapping gives {length} instances{of}, more than max_map_length, which is {limit}")
        self.length = length
        self.limit = limit
        self.task_id = task_id


class UnmappableError(DagserialError, TypeError):
    """A value over which a task is mapped is neither a list nor a dict."""


class RecordError(DagserialError, ValueError):
    """Bytes are not a record that this version reads."""


class UnknownFormatError(RecordError):
    """A record names a format that this version does not know."""

    def __init__(self, found: object, known: tuple[int, ...]) -> None:
        super().__init__(f"record format {found!r} is unknown; this version reads {', '.join(map(str, known))}")
        self.found = found
        self.known = known


class DigestMismatchError(RecordError):
    """A body does not have the digest it is addressed by."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"the body of {expected} has digest {found}; it was altered or cut")
        self.expected = expected
        self.found = found


class BlobError(DagserialError, ValueError):
    """A serialized DAG of Airflow is none that this version reads.

    Attributes:
        path: JSON pointer into the blob; empty where the whole is to blame.
        found: the `__version` that was found, if that is what is unknown.
    """

    def __init__(self, message: str, path: str = "", *, found: object = None) -> None:
        super().__init__(f"{message} (at {path})" if path else message)
        self.path = path
        self.found = found


class SandboxError(DagserialError):
    """The child interpreter could not do its work as a whole."""


class SettingsError(DagserialError, ValueError):
    """A setting, a flag or an input file of the user is wrong."""


class NotFoundError(DagserialError, LookupError):
    """What a person named does not exist: a ref, a DAG, a record, a run."""


class PathNotFoundError(NotFoundError, FileNotFoundError):
    """There is nothing at a path of a ref, or it leads out of the tree."""


class FolderError(DagserialError, IsADirectoryError):
    """A folder of a ref was taken for a file."""


class NoFolderError(DagserialError, NotADirectoryError):
    """A file of a ref was taken for a folder."""


class ReadOnlyError(DagserialError, OSError):
    """Something was to be written at a ref."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is refused: refs are read, never written")
        self.errno = errno.EROFS


class RepositoryError(DagserialError):
    """The Git repository cannot be read."""


class StampError(DagserialError):
    """A DagRun is stamped already, with another record.

    Attributes:
        stamped: digest of the record that the run has.
        offered: digest of the other.
        diff: what the other one would change, judged.
    """

    def __init__(self, dag_id: str, run_id: str, stamped: str, offered: str, diff: Diff) -> None:
        super().__init__(f"run {dag_id}/{run_id} is stamped with {stamped}; it cannot be stamped with {offered}")
        self.dag_id = dag_id
        self.run_id = run_id
        self.stamped = stamped
        self.offered = offered
        self.diff = diff
