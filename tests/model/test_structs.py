"""The model's structs: frozen, keyword only, and particular about what they are asked."""

from __future__ import annotations

from typing import Any

import pytest

from dagserial.digest import Digest
from dagserial.model import Dag, DagFields, Group, MapIndexes, MapItem, Mapping, Task

STRUCTS: list[Any] = [
    DagFields(dag_id="etl"),
    Dag(fields=DagFields(dag_id="etl")),
    Group(),
    Mapping(),
    Task(operator="o"),
    MapItem(0, 1),
]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: type(struct).__name__)
def test_a_struct_cannot_be_altered(struct: Any) -> None:
    for name in struct.__struct_fields__:
        with pytest.raises(AttributeError, match="immutable"):
            setattr(struct, name, getattr(struct, name))


@pytest.mark.parametrize("struct", [DagFields, Dag, Group, Mapping, Task], ids=lambda struct: struct.__name__)
def test_a_struct_takes_its_fields_by_name_alone(struct: type) -> None:
    with pytest.raises(TypeError, match="positional"):
        struct("etl")


@pytest.mark.parametrize("positions", [{}, {"x": 0}, {"x": 0, "y": 0, "z": 0}, {"z": 0}])
def test_an_index_is_asked_for_by_every_parameter_and_no_other(positions: dict[str, int]) -> None:
    with pytest.raises(KeyError, match="positions are needed of x, y"):
        MapIndexes([("x", 2), ("y", 3)]).index_of(**positions)


def test_what_is_no_digest_is_told_what_one_is() -> None:
    with pytest.raises(ValueError) as caught:
        Digest("md5:0")
    assert str(caught.value) == "not a digest: 'md5:0'; a digest is 'sha256:' and 64 lower-case hexadecimal digits"
