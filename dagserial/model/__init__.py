"""What a DAG is: frozen structs and the values in them; no I/O."""

from dagserial.model.dag import Dag, DagFields
from dagserial.model.group import Group
from dagserial.model.mapping import MapIndexes, MapItem, Mapping, map_indexes, map_item, map_length
from dagserial.model.task import Task
from dagserial.model.value import Encoder, Value, ValueWarning

__all__ = [
    "Dag",
    "DagFields",
    "Encoder",
    "Group",
    "MapIndexes",
    "MapItem",
    "Mapping",
    "Task",
    "Value",
    "ValueWarning",
    "map_indexes",
    "map_item",
    "map_length",
]
