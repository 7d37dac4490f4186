"""Draw rows of trees whose DAG files look at all that lies around them, and read each tree as if nothing were known."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from dagserial.history import Snapshot
from dagserial.history.result import Result
from dagserial.sources import files
from dagserial.sources.reading import FileError, ReadOptions
from dagserial.sources.tree import OnDisk

from .fast_import import FILE, LINK

EXECUTABLE = "100755"

Trees = list[dict[str, bytes | tuple[str, bytes]]]
Found = tuple[list[tuple[str, str, str, int]], list[FileError]]

LOOKS = (
    "open({path!r}).read()",
    "yaml.safe_load(open(TOP / {path!r}))",
    "json.load(open(TOP / {path!r}))",
    "os.path.exists(TOP / {path!r})",
    "os.path.isdir({path!r})",
    "os.path.islink({path!r})",
    "os.access({path!r}, os.X_OK)",
    "os.readlink({path!r})",
    "sorted(os.listdir(TOP / {folder!r}))",
    "sorted(path.name for path in (TOP / {folder!r}).glob('*'))",
    "sorted(glob.glob({folder!r} + '/**/*.json', recursive=True))",
    "[(folder.replace(str(TOP), ''), names, files) for folder, names, files in os.walk(TOP / {folder!r})]",
    "[(entry.name, entry.is_dir()) for entry in os.scandir({folder!r})]",
    "importlib.import_module('shared').VALUE",
    "importlib.import_module('lib.shared').VALUE",
    "importlib.import_module('lib').VALUE",
    "importlib.import_module('pkg.shared').VALUE",
    "open(open('switch.txt').read().strip()).read()",
    "BashOperator(task_id='b' + str(len(SEEN)), bash_command={name!r}).bash_command",
)
DAG_FILE = """\
import glob, importlib, json, os
from pathlib import Path
import yaml
from airflow import DAG
from airflow.operators.bash import BashOperator

TOP = Path.cwd()
SEEN = []
with DAG({dag_id!r}):
"""
LOOK = """\
    try:
        SEEN.append(str({look}))
    except Exception as error:
        SEEN.append(type(error).__name__)
"""
END = "    BashOperator(task_id='seen', bash_command='true', env={'SEEN': repr(SEEN)})\n"

PATHS = (
    *("conf.yaml", "switch.txt", "data/a.json", "data/b.json", "data/sub/c.json", "data", "sql/load.sql", "sql"),
    *("shared.py", "dags/shared.py", "dags/lib/shared.py", "dags/lib/__init__.py", "dags/lib.py", "dags/lib"),
    *("lib/shared.py", "plugins/shared.py", "plugins/pkg/shared.py", "plugins/pkg/__init__.py", "dags/load.sql"),
)
TEXTS = ("VALUE = 1\n", "VALUE = 2\n", "from shared import VALUE\n", "a: 1\n", "[1, 2]", "conf.yaml\n", "data/a.json\n")
TARGETS = ("../conf.yaml", "data", "../data", "sub", "conf.yaml", "lib", "../shared.py", "/etc/hostname", "../../etc")
IGNORED = ("dags/one.py\n", "lib\n", "two\n", "o.*e\n", "*.py\n!two.py\n")
HOMES = ("dags", "jobs", "teams/dags", "dags/lib")


def dag_file(dag_id: str, looks: Iterable[str]) -> bytes:
    body = "".join(LOOK.format(look=look) for look in looks)
    return (DAG_FILE.format(dag_id=dag_id) + body + END).encode()


@st.composite
def rows(draw: st.DrawFn, most: int) -> Trees:
    """Return trees, each made from the one before it by a few edits that meet what DAG files look at."""
    paths = st.sampled_from(PATHS)

    def look(text: str, path: str) -> str:
        return text.format(path=path, folder=path.rpartition("/")[0] or ".", name=path.rpartition("/")[2])

    dags = st.builds(
        dag_file,
        st.sampled_from(["one", "two", "three"]),
        st.lists(st.builds(look, st.sampled_from(LOOKS), paths), min_size=1, max_size=3),
    )
    modes = st.sampled_from([FILE, FILE, FILE, EXECUTABLE])
    texts = st.tuples(modes, st.sampled_from(TEXTS).map(str.encode))
    links = st.tuples(st.just(LINK), st.sampled_from(TARGETS).map(str.encode))
    homes = st.builds("{}/{}.py".format, st.sampled_from(HOMES), st.sampled_from(["one", "two", "three"]))
    edits = st.one_of(
        st.tuples(paths, st.one_of(texts, texts, texts, links, st.none())),
        st.tuples(homes, st.one_of(dags.map(lambda body: (FILE, body)), st.none())),
        st.tuples(
            st.sampled_from(["dags/.airflowignore", ".airflowignore"]), st.sampled_from([*IGNORED, None]).map(_ignoring)
        ),
    )
    tree: dict[str, bytes | tuple[str, bytes]] = {}
    for path, what in draw(st.lists(edits, min_size=3, max_size=12)):
        put(tree, path, what)
    for name in ("one", "two"):
        put(tree, f"dags/{name}.py", (FILE, draw(dags)))
    found = [tree]
    for some in draw(st.lists(st.lists(edits, min_size=1, max_size=3), min_size=4, max_size=most)):
        tree = dict(tree)
        for path, what in some:
            put(tree, path, what)
        found.append(tree)
    return found


def _ignoring(text: str | None) -> tuple[str, bytes] | None:
    return (FILE, text.encode()) if text else None


def put(tree: dict[str, bytes | tuple[str, bytes]], path: str, what: tuple[str, bytes] | None) -> None:
    """Put something at a path, in the place of what lies there, below it, or around it as a file; None for nothing."""
    parts = path.split("/")
    above = {"/".join(parts[:at]) for at in range(1, len(parts))}
    for other in [other for other in tree if other == path or other.startswith(f"{path}/") or other in above]:
        del tree[other]
    if what:
        tree[path] = what


def lay_out(root: Path, tree: dict[str, bytes | tuple[str, bytes]]) -> None:
    """Write a tree to disk, without the links that a commit's tree goes without."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for path, what in tree.items():
        mode, content = what if isinstance(what, tuple) else (FILE, what)
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if mode == LINK:
            place.symlink_to(content.decode())
        else:
            place.write_bytes(content)
            place.chmod(0o755 if mode == EXECUTABLE else 0o644)
    for link in [root / path for path, what in tree.items() if isinstance(what, tuple) and what[0] == LINK]:
        if not _stays(link, root):
            link.unlink()


def _stays(link: Path, root: Path) -> bool:
    try:
        end = os.path.realpath(link, strict=False)
        os.stat(link)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return not os.readlink(link).startswith("/") and f"{end}/".startswith(f"{os.path.realpath(root)}/")


def edit(root: Path, other: Path, *, is_renamed: bool) -> None:
    """Have a work tree hold what another folder does; what differs is written in place, or comes with an old time."""
    for path in sorted(root.rglob("*"), reverse=True):
        twin = other / path.relative_to(root)
        if ".git" in path.relative_to(root).parts or _alike(path, twin):
            continue
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for path in sorted(other.rglob("*")):
        place = root / path.relative_to(other)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(exist_ok=True)
        elif not os.path.lexists(place):
            shutil.copy(path, place, follow_symlinks=False)
        elif not path.is_symlink() and (place.read_bytes(), place.stat().st_mode) != (
            path.read_bytes(),
            path.stat().st_mode,
        ):
            new = place.with_name("new") if is_renamed else place
            shutil.copy(path, new)
            os.utime(new, (10**9, 10**9))
            new.replace(place)


def _alike(path: Path, twin: Path) -> bool:
    """Tell whether two places hold the same kind, and links the same target."""
    if path.is_symlink() or twin.is_symlink():
        return path.is_symlink() and twin.is_symlink() and os.readlink(path) == os.readlink(twin)
    return path.exists() and twin.exists() and path.is_dir() == twin.is_dir()


def read(root: Path, runs: files.Runs) -> Found:
    """Return what the DAG files on disk give; nothing is remembered."""
    root, options = root.resolve(), ReadOptions()
    dags = files.found(OnDisk(root), options)
    reading = files.reading([*runs.results(root, dags.folders, dags.files, options), *dags.misnamed])
    result = Result.of(reading.parsed, reading.errors)
    found = [(one.dag_id, str(one.digest), one.provenance.file, one.provenance.line) for one in result.kept]
    return sorted(found), sorted(result.errors)


def held(snapshot: Snapshot) -> Found:
    """Return what a snapshot holds, but for what is said of links that lead out of the tree."""
    found = [
        (entry.record.dag_id, str(entry.record.digest), entry.provenance.file, entry.provenance.line)
        for entry in snapshot.entries
    ]
    return sorted(found), sorted(error for error in snapshot.errors if not error.error.startswith("left out: "))
