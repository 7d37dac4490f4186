"""Run DAG files on a Dask cluster."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from dagserial.errors import SettingsError

if TYPE_CHECKING:
    from distributed import Client

_PREFIX = "dask://"
_PATIENCE = 10
"""Seconds to wait for the scheduler."""

_AHEAD = 2
"""Units of work for each thread of the cluster: one that runs, and those that wait there."""


class Cluster(msgspec.Struct, frozen=True):
    """Workers of a cluster.

    Attributes:
        most: units of work to be under way at the same time.
    """

    executor: Executor
    most: int


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """Lend the workers of a cluster. A unit of work whose worker is lost is given to another one, three times at most.

    Args:
        address: `dask://host:port` of the scheduler.

    Raises:
        SettingsError: the address is none, nobody answers there, it has no workers, or dask is not installed.
    """
    if not address.startswith(_PREFIX) or not address.removeprefix(_PREFIX):
        raise SettingsError(f"an executor is dask://HOST:PORT, not {address!r}")
    with _client(address.removeprefix(_PREFIX)) as client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise SettingsError(f"the scheduler at {address} has no workers; `dask worker` starts one")
        with client.get_executor(pure=False) as executor:
            yield Cluster(executor, _AHEAD * threads)


def _client(address: str) -> Client:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise SettingsError("an executor dask:// needs Dask; `pip install 'dagserial[dask]'` brings it") from error
    try:
        client: Client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as error:
        raise SettingsError(f"no Dask scheduler answers at {address}: {error}") from error
    return client
