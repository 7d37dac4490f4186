"""What a DAG is: frozen structs and the values in them; no I/O."""

from dagserial.model.dag import Dag, DagFields
from dagserial.model.decoder import Decoder
from dagserial.model.group import Group
from dagserial.model.mapping import MapIndexes, MapItem, Mapping, map_indexes, map_item, map_length
from dagserial.model.parts import TaskDigests, task_digests
from dagserial.model.task import Task
from dagserial.model.value import MAX_VALUE_BYTES, Encoder, Value
from dagserial.model.warning import ValueWarning

__all__ = [
    "MAX_VALUE_BYTES",
    "Dag",
    "DagFields",
    "Decoder",
    "Encoder",
    "Group",
    "MapIndexes",
    "MapItem",
    "Mapping",
    "Task",
    "TaskDigests",
    "Value",
    "ValueWarning",
    "map_indexes",
    "map_item",
    "map_length",
    "task_digests",
]
