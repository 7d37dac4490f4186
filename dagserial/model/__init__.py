"""What a DAG is: frozen structs and the values in them; no I/O."""

from dagserial.model.dag import Dag, DagFields
from dagserial.model.group import Group
from dagserial.model.mapping import Mapping
from dagserial.model.task import Task
from dagserial.model.value import Encoder, Value, ValueWarning

__all__ = ["Dag", "DagFields", "Encoder", "Group", "Mapping", "Task", "Value", "ValueWarning"]
