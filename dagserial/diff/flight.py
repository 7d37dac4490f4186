"""Say what of a DAG is under way when it changes."""

import msgspec

from dagserial.model.display import printable


class Flight(msgspec.Struct, frozen=True):
    """DagRuns that are queued or running, and the task instances in them that a change is about.

    Attributes:
        runs: how many are in each state.
        instances: the same of task instances that have not ended; `no_status` of those that have no state.
    """

    runs: dict[str, int] = {}
    instances: dict[str, int] = {}


class InFlight(msgspec.Struct, frozen=True):
    """What a change meets.

    Attributes:
        unpinned: runs that take the DAG as it is when they go on.
        pinned: runs that keep the version of the code that they started with.
    """

    unpinned: Flight = Flight()
    pinned: Flight = Flight()


def told_flight(met: InFlight, *, reaches_pinned: bool) -> str:
    """Return what a change meets in sentences, escaped; empty if nothing is under way.

    >>> told_flight(InFlight(Flight({"running": 2}, {"queued": 1, "running": 4})), reaches_pinned=False)
    'Meets 2 running runs with 5 task instances (1 queued, 4 running).'

    Args:
        reaches_pinned: pinned runs are not spared.
    """
    flights = [(met.unpinned, ""), *([(met.pinned, "pinned ")] if reaches_pinned else [])]
    parts = [_told(flight, sort) for flight, sort in flights if flight.runs]
    said = [f"Meets {' and '.join(parts)}."] if parts else []
    spared = [f"Spares {_runs(met.pinned, 'pinned ')}."] if met.pinned.runs and not reaches_pinned else []
    return " ".join(said + spared)


def _told(flight: Flight, sort: str) -> str:
    count = sum(flight.instances.values())
    if not count:
        return _runs(flight, sort)
    instances = f"{count} task instance{'s' if count > 1 else ''}"
    return f"{_runs(flight, sort)} with {instances} ({_by_state(flight.instances)})"


def _runs(flight: Flight, sort: str) -> str:
    return f"{_by_state(flight.runs)} {sort}run{'s' if sum(flight.runs.values()) > 1 else ''}"


def _by_state(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {printable(state)}" for state, count in sorted(counts.items()))
