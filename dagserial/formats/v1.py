"""Read record format 1: plain tasks and groups, no mapping. It is never written.

Its structs are its own: those of the model may change, this format may not.
"""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from dagserial.canonical import read_float
from dagserial.errors import InvalidDagError, RecordError
from dagserial.formats.body import Part, read_document, read_part
from dagserial.model import Dag, Group, Task
from dagserial.model import DagFields as CurrentDagFields

FORMAT = 1

_RENAMED = {"concurrency": "max_active_tasks", "schedule_interval": "schedule"}
"""Arguments of the DAG that have another name in format 2."""


class DagFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The DAG's own arguments, as its author passed them; one that was not passed is absent.

    Attributes:
        concurrency: task instances that may run at once; `max_active_tasks` in format 2.
        dag_id: the DAG's id.
        extra: arguments that this format has no name for.
        params: params by name; their declared order is not known.
        schedule_interval: when runs are made; `schedule` in format 2.
    """

    access_control: Any | UnsetType = UNSET
    catchup: Any | UnsetType = UNSET
    concurrency: Any | UnsetType = UNSET
    dag_id: str
    dagrun_timeout: Any | UnsetType = UNSET
    default_args: Any | UnsetType = UNSET
    default_view: Any | UnsetType = UNSET
    description: Any | UnsetType = UNSET
    doc_md: Any | UnsetType = UNSET
    end_date: Any | UnsetType = UNSET
    extra: dict[str, Any] = {}
    is_paused_upon_creation: Any | UnsetType = UNSET
    jinja_environment_kwargs: Any | UnsetType = UNSET
    max_active_runs: Any | UnsetType = UNSET
    on_failure_callback: Any | UnsetType = UNSET
    on_success_callback: Any | UnsetType = UNSET
    orientation: Any | UnsetType = UNSET
    params: dict[str, Any] = {}
    render_template_as_native_obj: Any | UnsetType = UNSET
    schedule_interval: Any | UnsetType = UNSET
    sla_miss_callback: Any | UnsetType = UNSET
    start_date: Any | UnsetType = UNSET
    tags: Any | UnsetType = UNSET
    template_searchpath: Any | UnsetType = UNSET
    template_undefined: Any | UnsetType = UNSET
    user_defined_filters: Any | UnsetType = UNSET
    user_defined_macros: Any | UnsetType = UNSET


class TaskFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task as declared. Its id is the key it stands under.

    Attributes:
        args: the constructor's arguments: the DAG's default_args, then the groups', then the task's own.
        group: id of the task group it lies in; absent at the root.
        operator: import path of the operator's class, or `@task` and `@task.<kind>` for a decorated function.
        upstream: ids of the tasks directly upstream, sorted.
    """

    args: dict[str, Any] = {}
    group: str | None = None
    operator: str
    upstream: tuple[str, ...] = ()


class GroupFields(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A task group as declared. Its id is the key it stands under; tasks name the group they are in.

    Attributes:
        default_args: the group's own, without those of the groups around it.
        parent: id of the group it lies in; absent at the root.
    """

    default_args: Any | UnsetType = UNSET
    parent: str | None = None
    prefix_group_id: Any | UnsetType = UNSET
    tooltip: Any | UnsetType = UNSET
    ui_color: Any | UnsetType = UNSET
    ui_fgcolor: Any | UnsetType = UNSET


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The record of one DAG, format 1: RFC 8785 canonical JSON, defaults omitted.

    Attributes:
        dag: the DAG's own arguments.
        format: the number of this format.
        groups: task groups by group_id.
        tasks: tasks by task_id.
    """

    dag: DagFields
    format: int
    groups: dict[str, GroupFields] = {}
    tasks: dict[str, TaskFields] = {}


class _FieldsPart(Part, frozen=True):
    dag: DagFields


_DECODER = msgspec.json.Decoder(Document, float_hook=read_float)
_FIELDS = msgspec.json.Decoder(_FieldsPart)


def decode(body: bytes) -> Dag:
    """Return the DAG of a record of format 1, as the current model says it.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no record, not canonical, or contradict themselves.
    """
    document = read_document(body, _DECODER, FORMAT)
    try:
        return upgrade(document)
    except InvalidDagError as error:
        raise RecordError(f"not a record of format {FORMAT}: {error}") from error


def decode_fields(body: bytes) -> CurrentDagFields:
    """Return the DAG's own fields, as the current model says them; tasks and groups are skipped, unchecked.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no JSON, or hold no fields of a DAG.
    """
    return _upgraded_fields(read_part(body, _FIELDS, FORMAT).dag)


def upgrade(document: Document) -> Dag:
    """Return what a document of format 1 says, in the current model.

    Params come sorted by name, as their order is not known; values mean what they meant.

    Raises:
        InvalidDagError: the document contradicts itself.
    """
    return Dag(
        fields=_upgraded_fields(document.dag),
        groups={group_id: Group(**msgspec.structs.asdict(group)) for group_id, group in document.groups.items()},
        tasks={task_id: Task(**msgspec.structs.asdict(task)) for task_id, task in document.tasks.items()},
    )


def _upgraded_fields(dag: DagFields) -> CurrentDagFields:
    declared = msgspec.structs.asdict(dag)
    fields = {_RENAMED.get(name, name): value for name, value in declared.items()}
    fields["params"] = tuple(sorted(dag.params.items(), key=lambda pair: pair[0]))
    return CurrentDagFields(**fields)
