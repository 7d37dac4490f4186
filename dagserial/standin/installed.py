"""Tell what an installed package needs in turn, so that it is imported as a whole."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Sequence

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def required_by(imports: Sequence[str]) -> list[str]:
    """Return the top-level modules of all that these packages require, as far as it is installed; sorted."""
    if not imports:
        return []
    providing = importlib.metadata.packages_distributions()
    waiting = [name for top in imports for name in providing.get(top.partition(".")[0], ())]
    seen: set[str] = set()
    while waiting:
        name = _normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        try:
            required = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        waiting += [found.group() for line in required if "extra ==" not in line and (found := _NAME.match(line))]
    modules = (top for top, names in providing.items() if seen.intersection(map(_normal, names)))
    return sorted(top for top in modules if top != "airflow")


def _normal(name: str) -> str:
    """Return a distribution's name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()
