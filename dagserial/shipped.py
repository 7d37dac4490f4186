"""Find the data that ships beside the code: schemas and the demo's DAG files."""

from pathlib import Path

_HERE = Path(__file__).parent
# In a wheel the folders are copied in; in a checkout they lie at its top.
_PLACES = {"schema": _HERE.parent / "schema", "demo": _HERE.parent / "fixtures" / "demo"}


def shipped(name: str) -> Path:
    """Return the folder `name`: `schema` or `demo`."""
    packed = _HERE / "_shipped" / name
    return packed if packed.is_dir() else _PLACES[name]
