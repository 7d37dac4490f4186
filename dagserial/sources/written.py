"""Tell by which names a DAG file imports its operators, where a record holds newer ones."""

from typing import Any

from dagserial.model.names import canonical_name


def operators_as_written(dag: Any) -> dict[str, str]:
    """Return the canonical name of each operator that goes by another one in the DAG file, sorted by that one."""
    kinds = {_class(task) for task in dag.task_dict.values()}
    written = sorted(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    newest = ((name, canonical_name(name)) for name in written)
    return {name: new for name, new in newest if new != name and not new.startswith("@")}


def _class(task: Any) -> Any:
    """Return the operator class; a mapped task is an object of another class, which holds it."""
    return task.operator_class if type(task).__name__.endswith("MappedOperator") else type(task)
