"""Name every error that dagserial raises, in one tree.

Messages are sentences that hold the offending value and where it stands; the same facts are attributes.
Errors know nothing of exit codes or HTTP: `cli` and `web` translate them.
"""


class DagserialError(Exception):
    """The root: whatever dagserial raises on purpose derives from it."""


class CanonicalError(DagserialError, ValueError):
    """A value has no RFC 8785 form: not JSON, not finite, or too large for an exact number."""

    def __init__(self, message: str, pointer: str = "") -> None:
        super().__init__(f"{message} (at {pointer or '$'})")
        self.pointer = pointer


class UnsupportedValueError(DagserialError, ValueError):
    """A value of a DAG has no deterministic form."""

    def __init__(self, message: str, pointer: str = "", type_name: str = "") -> None:
        super().__init__(f"{message} (at {pointer or '$'})")
        self.pointer = pointer
        self.type_name = type_name


class InvalidDagError(DagserialError, ValueError):
    """A DAG contradicts itself: an unknown neighbour, a cycle, an unknown group."""


class MapLengthError(DagserialError, ValueError):
    """A mapped task would have more instances than allowed."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"mapping gives {length} instances, more than max_map_length, which is {limit}")
        self.length = length
        self.limit = limit


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


class SandboxError(DagserialError):
    """The child interpreter could not do its work as a whole."""


class SettingsError(DagserialError, ValueError):
    """A setting, a flag or an input file of the user is wrong."""


class NotFoundError(DagserialError, LookupError):
    """What a person named does not exist: a ref, a DAG, a record, a run."""


class RepositoryError(DagserialError):
    """The Git repository cannot be read."""


class StampError(DagserialError):
    """A DagRun is stamped already, with another record."""

    def __init__(self, dag_id: str, run_id: str, stamped: str, offered: str) -> None:
        super().__init__(f"run {dag_id}/{run_id} is stamped with {stamped}; it cannot be stamped with {offered}")
        self.dag_id = dag_id
        self.run_id = run_id
        self.stamped = stamped
        self.offered = offered
