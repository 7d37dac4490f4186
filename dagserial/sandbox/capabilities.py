"""Drop capabilities (capabilities(7)).

With PR_SET_NO_NEW_PRIVS they do not come back, not even by running a program as root (prctl(2)).
"""

import ctypes
import struct

from dagserial.sandbox import kernel

READ = 1 << 2
"""CAP_DAC_READ_SEARCH: read what permission bits would deny."""
ADMIN = 1 << 21
"""CAP_SYS_ADMIN: make namespaces, among much else."""

_VERSION_3 = 0x20080522
_SETS = struct.Struct("=6I")  # effective, permitted, inheritable: low words, then high words (capget(2))


def keep(wanted: int) -> None:
    """Keep no capability of this process but `wanted`, as far as it has them."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0))
    sets = ctypes.create_string_buffer(_SETS.size)
    kernel.call("capget", header, sets)
    kept = _SETS.unpack(sets.raw)[1] & wanted
    kernel.call("capset", header, ctypes.create_string_buffer(_SETS.pack(kept, kept, 0, 0, 0, 0)))
