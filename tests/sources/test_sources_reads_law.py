"""No edit changes what a DAG file gives, unless it changes something that the file's run names."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from read_state import results, state

FOLDERS = ("", "dags", "dags/pkg", "lib/pkg", "pkg", "plugins")
NAMES = ("alpha.py", "alpha", "pkg", "__init__.py", "colorsys.py", "x.json", "q.sql")
PATHS = [f"{folder}/{name}".lstrip("/") for folder in FOLDERS for name in NAMES]
TEXTS = [
    "",
    "VALUE = 1\n",
    "VALUE = 2\n",
    "from alpha import VALUE\n",
    "from .alpha import VALUE\n",
    "[1, 2]",
    "a: 1",
    "{",
]
LOOKS = [
    "open(TOP / {path!r}).read()",
    "(HERE / {path!r}).read_text()",
    "yaml.safe_load(open(TOP / {path!r}))",
    "json.load(open(TOP / {path!r}))",
    "os.path.exists(TOP / {path!r})",
    "os.path.isdir(TOP / {path!r})",
    "os.path.islink(TOP / {path!r})",
    "os.path.getsize(TOP / {path!r})",
    "os.path.realpath(TOP / {path!r}).replace(str(TOP), '')",
    "os.readlink(TOP / {path!r})",
    "os.access({path!r}, os.X_OK)",
    "(TOP / {path!r}).is_file()",
    "Path('dags/..', {path!r}).exists()",
    "sorted(os.listdir(TOP / {folder!r}))",
    "[(entry.name, entry.is_dir(), entry.is_file()) for entry in os.scandir(TOP / {folder!r})]",
    "[(entry.name, entry.stat().st_size) for entry in os.scandir(TOP / {folder!r}) if not entry.is_dir()]",
    "sorted(path.name for path in (TOP / {folder!r}).iterdir())",
    "sorted(str(path.relative_to(TOP)) for path in (TOP / {folder!r}).rglob('*.py'))",
    "sorted(path.name for path in (HERE / {folder!r}).glob('*'))",
    "sorted(glob.glob('./' + {folder!r} + '/**/*.json', recursive=True))",
    "sorted(glob.glob('*/alpha*'))",
    "[(folder.replace(str(TOP), ''), names, files) for folder, names, files in os.walk(TOP / {folder!r})]",
    "[(module.name, module.ispkg) for module in pkgutil.iter_modules([str(TOP / {folder!r})])]",
    "importlib.import_module('alpha').VALUE",
    "importlib.import_module('pkg.alpha').VALUE",
    "importlib.import_module('lib.pkg.alpha').VALUE",
    "importlib.import_module('lib.pkg').VALUE",
    "importlib.import_module('pkg').VALUE",
    "importlib.import_module('airflow.pkg.alpha').VALUE",
    "importlib.import_module('colorsys').rgb_to_hsv.__name__",
    "sys.path.append(str(TOP / {path!r}))",
    "sys.path.insert(0, {folder!r})",
    "os.chdir(TOP / {folder!r})",
    "str(importlib.util.find_spec('alpha').origin).replace(str(TOP), '')",
    "runpy.run_path(str(TOP / {path!r}))['VALUE']",
    "loaded(TOP / {path!r})",
    "os.makedirs(TOP / {path!r}, exist_ok=True)",
    "BashOperator(task_id='b' + str(len(SEEN)), bash_command={name!r}).task_id",
]
HEAD = """\
import glob, importlib, importlib.util, json, os, pkgutil, runpy, sys
from pathlib import Path
import yaml
from airflow import DAG
from airflow.operators.bash import BashOperator

HERE = Path(__file__).parent
TOP = Path({top})
SEEN = []

def loaded(path):
    spec = importlib.util.spec_from_file_location("loaded", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.VALUE

with DAG({dag_id!r}):
"""
LOOK = """\
    try:
        SEEN.append(str({look}))
    except Exception as error:
        SEEN.append(type(error).__name__)
"""
END = "    BashOperator(task_id='seen', bash_command='true', env={'SEEN': repr(SEEN)})\n"


@st.composite
def stories(draw: st.DrawFn) -> tuple[dict[str, str], list[list[str]], list[tuple[str, str, str]]]:
    """Return what a tree holds, at what DAG files look, and edits: all of a few paths, so that they meet.

    Each file looks at little, so that what one look names does not hide what another leaves out.
    """
    paths = st.sampled_from(draw(st.lists(st.sampled_from(PATHS), min_size=2, max_size=5, unique=True)))

    def look(text: str, path: str) -> str:
        return text.format(path=path, folder=path.rpartition("/")[0], name=path.rpartition("/")[2])

    looks = st.lists(st.builds(look, st.sampled_from(LOOKS), paths), min_size=1, max_size=2)
    edits = st.tuples(paths, st.sampled_from(["", "folder", "link", "VALUE = 3\n", *TEXTS[1:]]), paths)
    texts = draw(st.dictionaries(paths, st.sampled_from(TEXTS), max_size=4))
    return texts, draw(st.lists(looks, min_size=15, max_size=15)), draw(st.lists(edits, min_size=1, max_size=4))


def dag_file(dag_id: str, lines: list[str]) -> str:
    head = HEAD.format(dag_id=dag_id, top="__file__.rpartition('/dags/')[0]")
    return head + "".join(LOOK.format(look=look) for look in lines) + END


def edit(root: Path, path: str, what: str, other: str) -> None:
    """Put something in the place of what lies at a path, or nothing."""
    place = root / path
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    elif place.is_symlink() or place.exists():
        place.unlink()
    if what:
        for folder in [*place.parents][::-1]:
            if folder.is_relative_to(root) and (folder.is_symlink() or folder.is_file()):
                folder.unlink()
        place.parent.mkdir(parents=True, exist_ok=True)
    if what == "folder":
        place.mkdir()
    elif what == "link":
        place.symlink_to("../" * path.count("/") + other)
    elif what:
        place.write_text(what)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories())
def test_what_a_run_does_not_name_does_not_count(
    story: tuple[dict[str, str], list[list[str]], list[tuple[str, str, str]]],
) -> None:
    texts, looks, changes = story
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for path, text in texts.items():
            edit(root, path, text or "\n", "")
        names = [f"dags/{'below/' * (at % 2)}etl{at}.py" for at in range(len(looks))]
        for at, (name, lines) in enumerate(zip(names, looks, strict=True)):
            edit(root, name, dag_file(f"etl{at}", lines), "")
        before = results(root, names)
        assert [result.error for result in before] == [None] * len(names)
        for change in changes:
            was = [result.reads and state(root, result.reads) for result in before]
            edit(root, *change)
            after = results(root, names)
            for old, new, states in zip(before, after, was, strict=True):
                note(f"{change} {old.reads}")
                if old.reads is not None and state(root, old.reads) == states:
                    assert msgspec.msgpack.encode(old) == msgspec.msgpack.encode(new)
            before = after
