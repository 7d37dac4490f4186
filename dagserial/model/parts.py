"""Digest the parts of tasks: what each does and how it is shown, alone and with all that is upstream of it."""

from collections.abc import Mapping
from hashlib import sha256
from operator import attrgetter
from typing import Any

import msgspec

from dagserial.canonical import settled_bytes
from dagserial.model import semantics
from dagserial.model.dag import Dag
from dagserial.model.group import Group
from dagserial.model.order import upstream_first
from dagserial.model.task import Task


class TaskDigests(msgspec.Struct, frozen=True, gc=False):
    """The four digests of a task, 32 bytes each: to be compared with those of another task or version.

    Attributes:
        definition: what the task does: operator, arguments, mapping, setup and teardown. Neither its id nor its group
            nor its edges, so that a task which is renamed keeps it.
        presentation: how it is shown: the arguments that `semantics.ARGUMENTS` calls presentation.
        upstream_definition: definition, with those of all tasks upstream, and with what the groups around it are
            mapped over.
        upstream_presentation: presentation, with those of all tasks upstream and the labels of the edges from them. It
            is presentation itself where all of these are shown alike, without labels.
    """

    definition: bytes
    presentation: bytes
    upstream_definition: bytes
    upstream_presentation: bytes


def task_digests(dag: Dag) -> dict[str, TaskDigests]:
    """Return the digests of all tasks by task_id, upstream tasks first.

    Each is the SHA-256 of its own domain's name, a newline, and either RFC 8785 JSON (the digests of one thing) or
    digests of 32 bytes, those of upstream tasks last and sorted: the order of no dict, and no task_id, moves one.
    """
    around = _around(dag.groups)
    found: dict[str, TaskDigests] = {}
    met: dict[bytes, bytes] = {}  # most tasks of a DAG are shown alike
    for task_id in upstream_first({task_id: task.upstream for task_id, task in dag.tasks.items()}):
        task = dag.tasks[task_id]
        done, shown = _own(task)
        definition = sha256(_DEFINITION + done).digest()
        if (presentation := met.get(shown)) is None:
            presentation = met[shown] = sha256(_PRESENTATION + shown).digest()
        upstream = [found[before] for before in task.upstream]
        upstream_definition = _folded_definition(definition, around[task.group], upstream)
        upstream_presentation = _folded_presentation(presentation, task, upstream)
        found[task_id] = TaskDigests(definition, presentation, upstream_definition, upstream_presentation)
    return found


_DEFINITION = b"dagserial.task.definition\n"
_PRESENTATION = b"dagserial.task.presentation\n"
_UPSTREAM_DEFINITION = b"dagserial.task.upstream_definition\n"
_UPSTREAM_PRESENTATION = b"dagserial.task.upstream_presentation\n"
_LABELS = b"dagserial.task.labels\n"
_MAPPED_GROUP = b"dagserial.group.mapping\n"
_NONE = bytes(32)
"""Stands where a digest of groups or labels would, if there are none."""

_SHOWN = frozenset(name for name, meaning in semantics.ARGUMENTS.items() if meaning.part == "presentation")
_OPTIONAL = {
    field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
    for field in msgspec.structs.fields(Task)
    if semantics.TASK[field.name].part == "definition" and field.name not in ("args", "operator")
}
"""Fields of a task's definition that seldom say anything, with what they say then."""
_optional = attrgetter(*_OPTIONAL)
_DEFAULTS = tuple(_OPTIONAL.values())


def _own(task: Task) -> tuple[bytes, bytes]:
    """Return what a task does and how it is shown, as RFC 8785 JSON each."""
    args = task.args
    shown = b"{}"
    if names := _SHOWN.intersection(args):
        args = dict(args)
        shown = settled_bytes({name: args.pop(name) for name in names})
    said: dict[str, Any] = {"args": args, "operator": task.operator}
    values = _optional(task)
    if values != _DEFAULTS:
        said |= {name: value for name, value in zip(_OPTIONAL, values, strict=True) if value != _OPTIONAL[name]}
    return settled_bytes(said), shown


def _folded_definition(own: bytes, around: bytes, upstream: list[TaskDigests]) -> bytes:
    folded = sorted([task.upstream_definition for task in upstream])
    return sha256(b"".join([_UPSTREAM_DEFINITION, own, around, *folded])).digest()


def _folded_presentation(own: bytes, task: Task, upstream: list[TaskDigests]) -> bytes:
    folded = [before.upstream_presentation for before in upstream]
    if not task.labels and folded.count(own) == len(folded):
        return own
    labels = _labels(task, folded) if task.labels else _NONE
    return sha256(b"".join([_UPSTREAM_PRESENTATION, own, labels, *sorted(folded)])).digest()


def _labels(task: Task, folded: list[bytes]) -> bytes:
    """Digest the labels of a task's edges, each with how the task is shown from which the edge comes."""
    edges = zip(task.upstream, folded, strict=True)
    said = sorted([at.hex(), task.labels[before]] for before, at in edges if before in task.labels)
    return sha256(_LABELS + settled_bytes(said)).digest()


def _around(groups: Mapping[str, Group]) -> dict[str | None, bytes]:
    """Return, by group, a digest of what it and the groups that it lies in are mapped over."""
    found: dict[str | None, bytes] = {None: _NONE}
    for innermost in groups:
        path: list[str] = []
        at: str | None = innermost
        while at is not None and at not in found:
            path.append(at)
            at = groups[at].parent
        for group_id in reversed(path):
            group = groups[group_id]
            outer = found[group.parent]
            if group.mapping is None:
                found[group_id] = outer
                continue
            said = settled_bytes({"args": group.args, "mapping": group.mapping})
            found[group_id] = sha256(_MAPPED_GROUP + outer + said).digest()
    return found
