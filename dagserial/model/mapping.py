"""Say over what a task or a task group is mapped (AIP-42)."""

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.model.value import Value


class Mapping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What `expand()` or `expand_kwargs()` was given.

    Attributes:
        expand: (parameter, source) pairs in declared order, which decides the map index: the cross product runs with
            the last parameter fastest. A literal dict is a source whose own order counts: a `dict` tag.
        expand_kwargs: the list of dicts, or the XCom of one.
    """

    expand: tuple[tuple[str, Value], ...] = ()
    expand_kwargs: Value | UnsetType = UNSET
