"""Name the place of a change as the rules name it: `task`, `task/operator`, `task/args/retries`."""

from dagserial.diff.change import Change
from dagserial.diff.rules import RULES

SUBJECTS = frozenset(place.subject for rule in RULES.values() for place in rule.sites)
"""Every place that a rule names."""


def subject_of(change: Change) -> str:
    """Return the place of a change.

    An argument that no rule names is `task/args`; a field that none does, `task/unknown`, `dag/unknown` or
    `group/unknown`.
    """
    kind = change.object.kind
    if change.is_whole:
        return kind
    steps = steps_of(change.path)
    field, below = (steps[1], steps[2:]) if kind == "dag" else (steps[2], steps[3:])
    match kind, field:
        case "edge", _:
            return "edge/label"
        case "dag", "params":
            return ("dag/params", "dag/param", "dag/param/within")[min(len(below), 2)]
        case "task", "args":
            named = f"task/args/{below[0]}" if below else ""
            return named if named in SUBJECTS else "task/args"
        case "task", "mapping":
            return _mapping_subject(below)
    named = f"{kind}/{field}"
    return named if named in SUBJECTS else f"{kind}/unknown"


def steps_of(path: str) -> list[str]:
    """Return the steps of a JSON pointer (RFC 6901, 4).

    >>> steps_of("/tasks/a~1b/args")
    ['tasks', 'a/b', 'args']
    """
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _mapping_subject(below: list[str]) -> str:
    """Return what is meant within a mapping: all of it, its parameters, a source, an item, or what is in one."""
    if not below:
        return "task/mapping"
    if below == ["expand"]:
        return "task/mapping/keys"
    depth = len(below) - (below[0] == "expand")
    return {1: "task/mapping/source", 2: "task/mapping/item"}.get(depth, "task/mapping/within")
