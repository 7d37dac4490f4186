"""Give each name of Airflow that moved between releases one canonical name: the newest home it has."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import msgspec

_KUBERNETES = re.compile(r"kubernetes\.client\.(?:[a-z]\w*\.)+(?=[A-Z])")
"""Modules that the Kubernetes client offers its classes in; `kubernetes.client` offers them all."""

_MOST_STEPS = 4
"""How often a name may lead to another; the data holds final names, except behind a module that moved."""


class _Names(msgspec.Struct, frozen=True):
    """What `airflow_names.json` holds.

    Attributes:
        modules: modules that moved as a whole, by old name.
        names: canonical names by old path; `@task.<kind>` for classes that decorators make.
    """

    modules: dict[str, str]
    names: dict[str, str]


@functools.cache
def _names() -> _Names:
    return msgspec.json.decode(Path(__file__).with_name("airflow_names.json").read_bytes(), type=_Names)


@functools.lru_cache(maxsize=4096)
def canonical_name(path: str) -> str:
    """Return the one name of what a dotted path names; a path that is not Airflow's stays as it is.

    Two paths of one class of Airflow, in whichever releases they hold, have the same canonical name. So have the paths
    of one class of the Kubernetes client. Attributes of such a class follow it.

    >>> canonical_name("airflow.operators.bash_operator.BashOperator")
    'airflow.providers.standard.operators.bash.BashOperator'
    >>> canonical_name("kubernetes.client.models.v1_pod.V1Pod")
    'kubernetes.client.V1Pod'
    """
    if path.startswith("kubernetes.client."):
        return _KUBERNETES.sub("kubernetes.client.", path, count=1)
    if not path.startswith("airflow."):
        return path
    for _step in range(_MOST_STEPS):
        newer = _moved(path)
        if newer == path:
            break
        path = newer
    return path


def _moved(path: str) -> str:
    """Return the path to which one entry of the data leads: of the class, or else of the module."""
    names = _names()
    if newest := names.names.get(path):
        return newest
    module, _, rest = path.rpartition(".")
    while module:
        if newest := names.names.get(module):
            return path if newest.startswith("@") else f"{newest}.{rest}"
        if newest := names.modules.get(module):
            top, inner, _ = rest.partition(".")
            return f"{newest}.{rest}" if not inner or top[:1].isupper() else path
        module, _, last = module.rpartition(".")
        rest = f"{last}.{rest}"
    return path
