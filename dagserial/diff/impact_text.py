"""Tell an impact in one line."""

from dagserial.diff.impact import Impact, OtherDag, Reached
from dagserial.model.display import printable

_MOST = 3
"""Ways, and DAGs, that are told; the JSON document has all."""


def told(impact: Impact) -> str:
    """Return an impact in words, escaped for a terminal; empty if it ends at the tasks that changed.

    >>> told(Impact(("get",), (Reached("load", ("get",), 1, "data"),)))
    '1 direct, 1 downstream (load <- get)'
    """
    if not impact.indirect and not impact.other_dags:
        return ""
    parts = [f"{len(impact.direct)} direct"]
    if impact.indirect:
        parts.append(f"{len(impact.indirect)} downstream ({_few([_way(one) for one in impact.indirect])})")
    if count := len(impact.other_dags):
        dags = [_other(one) for one in impact.other_dags]
        parts.append(f"{count} other DAG{'s' if count > 1 else ''}: {_few(dags)}")
    return ", ".join(parts)


def _few(texts: list[str]) -> str:
    return "; ".join([*texts[:_MOST], "…"] if len(texts) > _MOST else texts)


def _way(one: Reached) -> str:
    cut = ["…"] if one.steps > len(one.via) else []
    return " <- ".join([*map(printable, (one.id, *reversed(one.via))), *cut])


def _other(one: OtherDag) -> str:
    return f"{printable(one.dag_id)} ({one.link} {printable(one.name)})"
