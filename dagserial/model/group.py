"""Say what a task group is."""

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.model.mapping import Mapping
from dagserial.model.value import Value


class Group(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task group as declared. Its id is the key it stands under; tasks name the group they are in.

    Attributes:
        args: what `.partial()` gave a mapped group's function.
        default_args: the group's own, without those of the groups around it.
        mapping: over what the group is mapped.
        parent: id of the group it lies in; absent at the root.
    """

    args: dict[str, Value] = {}
    default_args: Value | UnsetType = UNSET
    doc_md: Value | UnsetType = UNSET
    group_display_name: Value | UnsetType = UNSET
    mapping: Mapping | None = None
    parent: str | None = None
    prefix_group_id: Value | UnsetType = UNSET
    tooltip: Value | UnsetType = UNSET
    ui_color: Value | UnsetType = UNSET
    ui_fgcolor: Value | UnsetType = UNSET
