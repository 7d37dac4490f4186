"""Say what a task is."""

import msgspec

from dagserial.model.mapping import Mapping
from dagserial.model.value import Value


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task as declared. Its id is the key it stands under.

    Attributes:
        args: the constructor's arguments: the DAG's default_args, then the groups', then the task's own. What
            `.partial()` was given, if the task is mapped.
        code: digest of the operator's class, if it is the repository's own: its body, its bases, and what they use.
        group: id of the task group it lies in; absent at the root.
        labels: label of the edge from an upstream task, by that task's id.
        mapping: over what the task is mapped.
        on_failure_fail_dagrun: a failing teardown fails the run.
        operator: import path of the operator's class, or `@task` and `@task.<kind>` for a decorated function.
        setup: the task is a setup.
        teardown: the task is a teardown.
        upstream: ids of the tasks directly upstream, sorted. An edge to a group stands here as edges to its tasks.
    """

    args: dict[str, Value] = {}
    code: str | None = None
    group: str | None = None
    labels: dict[str, str] = {}
    mapping: Mapping | None = None
    on_failure_fail_dagrun: bool = False
    operator: str
    setup: bool = False
    teardown: bool = False
    upstream: tuple[str, ...] = ()
