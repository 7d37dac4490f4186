"""Say how much one child interpreter, and each item in it, may take."""

import math

import msgspec

from dagserial.errors import SettingsError


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much the child and its items may take: every number is above zero, and finite.

    Attributes:
        timeout: seconds of wall clock that one item may take.
        memory_mib: MiB of address space that one item may add to the warmed interpreter (RLIMIT_AS, setrlimit(2)).
        jobs: how many items are at work at the same time.
        overall: seconds of wall clock for the whole child, its start included.
        answer_bytes: the largest answer of one item, and the largest file that it may write.
    """

    timeout: float = 30.0
    memory_mib: int = 1024
    jobs: int = 2
    overall: float = 600.0
    answer_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if not 0 < value < math.inf:
                raise SettingsError(f"the sandbox limit {name} is {value}; it must be above zero, and finite")
