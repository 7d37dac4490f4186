"""List the tags of values: what `{"$": "<tag>", ...}` may stand for in a record."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from dagserial.errors import RecordError
from dagserial.model import Dag, Mapping, Value

TAGS = {
    "asset": "an asset (a dataset before Airflow 3): name, URI, group, extra",
    "asset_alias": "an asset alias, by name",
    "asset_all": "a condition: all of these assets",
    "asset_any": "a condition: any of these assets",
    "asset_ref": "a reference to an asset, by name or URI",
    "bytes": "bytes, in base64 (RFC 4648, 4)",
    "call": "the result of calling what cannot be known, with these arguments",
    "callable": "a function: dotted name, digest of its code and of what it uses by name, values it took along",
    "class": "a class: dotted name, digest of its code if it is the repository's",
    "complex": "a complex number",
    "connection": "a Connection of the deployment, by id",
    "dag": "a DAG, by id",
    "dag_param": "a param of the DagRun, by name",
    "date": "a date, ISO 8601",
    "datetime": "a datetime: wall clock, zone by name, fold where the clock shows that time twice",
    "decimal": "a decimal number; its trailing zeros count",
    "dict": "a dict whose keys are not all plain strings, or hold `$`, or whose order counts: pairs of key and value",
    "enum": "a member of an enumeration: class, name, value",
    "environment": "an environment variable of the deployment",
    "file": "a file of the tree: its path as written, and the digest of its content",
    "float": "a float that JSON would confuse with another number, or cannot hold: 1.0, -0.0, nan, inf",
    "frozenset": "a frozenset, sorted by its items' canonical bytes",
    "get": "an attribute of what cannot be known",
    "int": "an integer beyond 2**53 - 1",
    "item": "an item of what cannot be known",
    "mapped_argument": "an argument of a mapped task group, inside it",
    "method": "a bound method: its name, what it is bound to, digest of its code",
    "module": "a module, by name",
    "object": "an object: class and arguments, digest of the class's code if it is the repository's",
    "op": "an operator applied to what cannot be known",
    "opaque": "an object without a deterministic form: its class alone, and the digest of that class's code",
    "param": "a declared param: default, description, JSON Schema",
    "partial": "a function with some of its arguments",
    "path": "a path",
    "range": "a range: start, stop, step",
    "relativedelta": "a calendar difference: relative and absolute fields",
    "rooted": "a text in which the folder of the tree stands between the parts",
    "set": "a set, sorted by its items' canonical bytes",
    "symbol": "a name that only an absent package could give a value",
    "task": "a task, by id",
    "task_group": "a task group, by id",
    "time": "a time of day, with its zone's name if it has one",
    "timedelta": "a duration, ISO 8601",
    "timezone": "a time zone, by name",
    "tuple": "a tuple",
    "unknown": "a value of which only this is known: its class or name, what it begins with, what stood for it",
    "uuid": "a UUID",
    "variable": "a Variable of the deployment, by key",
    "xcom": "what a task returns or pushes under a key",
    "xcom_concat": "XComs, one behind the other",
    "xcom_filter": "the items of an XCom that functions let through",
    "xcom_map": "the items of an XCom, each put through functions",
    "xcom_zip": "the items of several XComs, side by side",
}
"""Each tag with what it stands for. Whoever writes a new one adds it here, then runs `pytest --rewrite-goldens`."""

_TAGGED = re.compile(rb'"\$":("[^"]*"|.)')
"""A key `$` and the tag behind it, in canonical bytes; in no text, where quotation marks are escaped."""

_KNOWN = frozenset(f'"{tag}"'.encode() for tag in TAGS)


def check_tags(body: bytes, dag: Dag) -> None:
    """Check that a body holds no tagged value but of known tags.

    Args:
        dag: what the body says.

    Raises:
        RecordError: a value has another tag.
    """
    if _KNOWN.issuperset(_TAGGED.findall(body)):
        return
    for value in _values(dag):  # what looks like a tag may be the name of an argument
        if (tag := _unknown_tag(value)) is not UNSET:
            raise RecordError(f"not a record: a value in it has the tag {tag!r}, which is unknown")


def _values(dag: Dag) -> Iterator[Value]:
    """Iterate over all that a DAG holds in the place of a value."""
    own = {name: getattr(dag.fields, name) for name in dag.fields.__struct_fields__}
    yield from [*own.pop("extra").values(), *(param for _, param in own.pop("params")), *own.values()]
    for task in dag.tasks.values():
        yield from [*task.args.values(), *_sources(task.mapping)]
    for group in dag.groups.values():
        fields = {name: getattr(group, name) for name in group.__struct_fields__}
        yield from [*fields.pop("args").values(), *_sources(fields.pop("mapping")), *fields.values()]


def _sources(mapping: Mapping | None) -> list[Value]:
    return [] if mapping is None else [*(source for _, source in mapping.expand), mapping.expand_kwargs]


def _unknown_tag(value: Value) -> Any:
    """Return the first tag below a value that is unknown, UNSET if there is none."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, list):
            rest += item
        elif isinstance(item, dict):
            if "$" in item and not (isinstance(item["$"], str) and item["$"] in TAGS):
                return item["$"]
            rest += item.values()
    return UNSET
