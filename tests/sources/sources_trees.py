"""Write small trees of DAG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

DAG_FILE = "from airflow import DAG\nwith DAG({!r}): pass\n"
"""A DAG file that says nothing but a dag_id."""


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """Write files below a folder, and return it."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
