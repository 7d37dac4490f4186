"""Say what lies where a run looked, so that two trees can be compared there."""

from __future__ import annotations

import os
from pathlib import Path

from dagserial.sources import files
from dagserial.sources.child import FileResult
from dagserial.sources.reading import ReadOptions, Reads


def results(root: Path, dag_files: list[str], options: ReadOptions | None = None) -> list[FileResult]:
    """Run DAG files of a tree with the DAG folder `dags`."""
    with files.Runs() as runs:
        return runs.results(root, ["dags"], dag_files, options or ReadOptions())


def state(root: Path, reads: Reads) -> dict[str, object]:
    """Return what lies at each of the paths, by the field that names it."""
    return {
        "contents": {path: content(root / path) for path in reads.contents},
        "names": {path: sorted(os.listdir(root / path)) if is_folder(root / path) else None for path in reads.names},
        "entries": {path: entries(root / path) for path in reads.entries},
        "modules": {path: module(root / path) for path in reads.modules},
    }


def kind(path: Path) -> str:
    if path.is_symlink():
        return "link"
    return "folder" if path.is_dir() else "file" if path.exists() else ""


def is_folder(path: Path) -> bool:
    return kind(path) == "folder"


def content(path: Path) -> object:
    of = kind(path)
    if of == "link":
        return os.readlink(path)
    return (path.read_bytes(), path.stat().st_mode & 0o111) if of == "file" else of


def entries(folder: Path) -> object:
    return {name: kind(folder / name) for name in os.listdir(folder)} if is_folder(folder) else None


def module(path: Path) -> object:
    start = path / "__init__"
    return _named(path), _named(start) if is_folder(path) else None


def _named(path: Path) -> dict[str, str]:
    names = os.listdir(path.parent) if is_folder(path.parent) else []
    return {name: kind(path.parent / name) for name in names if name == path.name or name.startswith(f"{path.name}.")}
