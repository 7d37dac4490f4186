"""Say what an impact is: whom the changes of one DAG reach."""

from typing import Literal

import msgspec

Edge = Literal["data", "order"]
"""What an edge hands on: what the upstream task returns or updates, or only that it has ended."""

Link = Literal["asset", "trigger", "sensor", "caller"]
"""How a DAG hangs on another: it is scheduled on an asset that a task of the other updates; a task of the other starts
it; a task of its own waits for the other; a task of its own starts the other."""


class Reached(msgspec.Struct, frozen=True):
    """A task that is not changed itself but comes behind one that is.

    Attributes:
        via: the shortest way, from a changed task to the one just before this one; the last eight tasks of a longer.
        steps: how many edges it has.
        edge: `data` if every step of the way hands on data, else `order`.
    """

    id: str
    via: tuple[str, ...]
    steps: int
    edge: Edge


class OtherDag(msgspec.Struct, frozen=True):
    """Another DAG that is reached.

    Attributes:
        link: how it hangs on the DAG before it.
        name: what links the two: an asset, by its URI or name, or the task that starts or waits.
        via: DAGs from the changed one to the one just before this one.
        tasks: those of its tasks that are reached, by id: all of them where its runs are.
    """

    dag_id: str
    link: Link
    name: str
    via: tuple[str, ...]
    tasks: tuple[str, ...]


class Impact(msgspec.Struct, frozen=True):
    """Whom the changes of one DAG reach.

    Attributes:
        direct: tasks that changed, by id; what is only cosmetic is left out.
        indirect: tasks behind them that do otherwise for it, by id.
        other_dags: the nearest first, then by dag_id.
    """

    direct: tuple[str, ...] = ()
    indirect: tuple[Reached, ...] = ()
    other_dags: tuple[OtherDag, ...] = ()
