"""What of the tree a DAG file's run names, by the way in which it looked."""

from __future__ import annotations

from pathlib import Path

import pytest
from read_state import results, state
from sources_trees import write

from dagserial.sources.child import FileResult
from dagserial.sources.reading import ReadOptions, Reads

DEFAULTS = ReadOptions()
HEAD = "import os, sys\nfrom pathlib import Path\nfrom airflow import DAG\nHERE = os.path.dirname(__file__)\n"
DAG_FILE = HEAD + "{}\nwith DAG('etl'): pass\n"
ALWAYS = Reads(
    contents=("", "config", "dags", "dags/airflow", "dags/airflow.py", "dags/etl.py", "plugins"),
)
"""What every DAG file names that imports from Airflow: where import roots lie, and where its own `airflow` may."""


def run(root: Path, code: str, options: ReadOptions = DEFAULTS) -> FileResult:
    write(root, {"dags/etl.py": DAG_FILE.format(code)})
    (result,) = results(root, ["dags/etl.py"], options)
    return result


def reads(root: Path, code: str, options: ReadOptions = DEFAULTS) -> Reads:
    """Return what code in a DAG file looks at, but for what every DAG file does."""
    result = run(root, code, options)
    assert result.error is None
    assert result.reads is not None
    assert set(ALWAYS.contents) <= set(result.reads.contents)
    fields = {name: getattr(result.reads, name) for name in Reads.__struct_fields__}
    return Reads(
        **{name: tuple(path for path in paths if path not in getattr(ALWAYS, name)) for name, paths in fields.items()}
    )


def test_a_dag_file_names_itself_and_where_its_imports_may_lie(tmp_path: Path) -> None:
    assert run(tmp_path, "").reads == ALWAYS


@pytest.mark.parametrize(
    "look",
    [
        "open(HERE + '/a.txt').read()",
        "open('dags/a.txt', 'rb').read()",
        "open(os.fsencode(HERE) + b'/a.txt').read()",
        "Path(HERE, 'a.txt').read_text()",
        "os.close(os.open('dags/a.txt', os.O_RDONLY))",
        "os.path.exists('dags/../dags/a.txt')",
        "os.path.isfile(Path('dags/a.txt'))",
        "os.path.getsize(path='dags/a.txt') if False else os.stat(path='dags/a.txt')",
        "os.access('dags/a.txt', os.R_OK)",
        "Path('dags/a.txt').is_file()",
        "Path('dags/a.txt').exists()",
        "os.chdir('dags'); open('a.txt').read()",
        "os.chdir('dags'); os.path.exists('a.txt'); os.chdir('/')",
        "here = os.open('dags', os.O_RDONLY); os.stat('a.txt', dir_fd=here)",
        "here = os.open('dags', os.O_RDONLY); os.open('a.txt', os.O_RDONLY, dir_fd=here)",
        "os.stat('/proc/self/cwd/dags/a.txt')",
        "import posix; posix.stat('dags/a.txt')",
        "import codecs; codecs.open('dags/a.txt').read()",
        "import configparser; configparser.ConfigParser().read('dags/a.txt')",
        "import threading; t = threading.Thread(target=lambda: open('dags/a.txt').read()); t.start(); t.join()",
    ],
)
def test_a_file_that_is_opened_or_asked_about_is_named(tmp_path: Path, look: str) -> None:
    write(tmp_path, {"dags/a.txt": "[section]\n", "dags/b.txt": ""})
    assert set(reads(tmp_path, look).contents) - {"a.txt"} == {"dags/a.txt"}


@pytest.mark.parametrize(
    "look", ["os.path.exists('dags/a.txt')", "list(Path('dags').glob('a.txt'))", "os.path.lexists('dags/a.txt')"]
)
def test_a_file_that_is_not_there_is_named(tmp_path: Path, look: str) -> None:
    assert reads(tmp_path, look).contents in (("dags/a.txt",), ())
    before = run(tmp_path, look).reads
    assert before is not None
    was = state(tmp_path, before)
    write(tmp_path, {"dags/a.txt": ""})
    assert state(tmp_path, before) != was


def test_of_folders_that_are_not_there_the_first_is_named(tmp_path: Path) -> None:
    assert reads(tmp_path, "os.path.exists('a/b/c/d')").contents == ("a",)
    assert reads(tmp_path, "os.path.exists('a/../dags')").contents == ("a",)
    assert reads(tmp_path, "os.path.exists('dags/etl.py/b')").contents == ()


@pytest.mark.parametrize("look", ["os.listdir('sql')", "list(Path('sql').iterdir())"])
def test_a_folder_of_which_names_are_listed_is_named(tmp_path: Path, look: str) -> None:
    write(tmp_path, {"sql/a.sql": "", "sql/b.sql": ""})
    found = reads(tmp_path, look)
    assert found in (Reads(names=("sql",)), Reads(entries=("sql",)))  # Python 3.13 has `iterdir` scan


@pytest.mark.parametrize(
    "look",
    [
        "[(entry.name, entry.is_dir()) for entry in os.scandir('sql')]",
        "list(os.walk('sql'))",
        "list(Path('sql').rglob('*.sql'))",
        "import glob; glob.glob('sql/**/x', recursive=True)",
    ],
)
def test_folders_that_are_walked_are_named_and_not_what_their_files_hold(tmp_path: Path, look: str) -> None:
    write(tmp_path, {"sql/a.sql": "", "sql/below/b.sql": ""})
    found = reads(tmp_path, look)
    assert set(found.entries) in ({"sql", "sql/below"}, {"sql"})
    assert not [path for path in found.contents if path.endswith(".sql")]


def test_what_an_entry_of_a_folder_is_asked_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"sql/a.sql": "", "sql/b.sql": ""})
    (tmp_path / "sql/link").symlink_to("../dags")
    look = "[entry.stat().st_size for entry in os.scandir('sql') if entry.name == 'a.sql']"
    assert reads(tmp_path, look) == Reads(contents=("sql/a.sql",), entries=("sql",))
    look = "assert [entry.is_dir() for entry in os.scandir('sql') if isinstance(entry, os.DirEntry)] == [False, False, True]"
    assert reads(tmp_path, look) == Reads(contents=("sql/link",), entries=("sql",))


def test_imports_are_named_by_every_folder_that_was_searched(tmp_path: Path) -> None:
    write(tmp_path, {"plugins/own.py": "from pkg.sub import mod\n", "pkg/__init__.py": "", "pkg/sub/mod.py": ""})
    found = reads(tmp_path, "import own")
    assert found.modules == ("dags/own", "dags/pkg", "pkg", "pkg/sub", "pkg/sub/mod", "plugins/own", "plugins/pkg")
    assert set(found.contents) == {"pkg", "pkg/__init__.py", "pkg/sub", "pkg/sub/mod.py", "plugins/own.py"}
    assert found.names == found.entries == ()


def test_a_module_that_is_nowhere_is_named_in_every_import_root(tmp_path: Path) -> None:
    write(tmp_path, {"plugins/a.py": ""})
    assert reads(tmp_path, "import requests").modules == ("dags/requests", "plugins/requests", "requests")


def test_a_folder_without_python_is_named_as_it_may_become_a_package(tmp_path: Path) -> None:
    write(tmp_path, {"queries/sub/a.sql": ""})
    assert reads(tmp_path, "import queries").entries == ("queries", "queries/sub")


def test_a_module_of_the_tree_in_the_place_of_an_installed_one_is_named(tmp_path: Path) -> None:
    assert "dags/colorsys" in reads(tmp_path, "import colorsys").modules
    write(tmp_path, {"dags/colorsys.py": ""})
    assert "dags/colorsys.py" in reads(tmp_path, "import colorsys").contents


def test_folders_that_code_adds_to_the_import_path_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"lib/own.py": ""})
    look = "sys.path += [os.path.abspath('lib'), os.path.abspath('lib.zip')]\nimport own, other"
    found = reads(tmp_path, look)
    assert {"lib/own", "lib/other"} <= set(found.modules)
    assert {"lib/own.py", "lib.zip"} <= set(found.contents)


def test_links_on_the_way_are_named_with_where_they_lead(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.txt": "", "real/own.py": ""})
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/shown").symlink_to("../real")
    (tmp_path / "dags/own.py").symlink_to("shown/own.py")
    assert reads(tmp_path, "open(HERE + '/shown/a.txt')").contents == ("dags/shown", "real/a.txt")
    assert reads(tmp_path, "os.readlink('dags/shown')").contents == ("dags/shown",)
    assert set(reads(tmp_path, "import own").contents) == {"dags/own.py", "dags/shown", "real/own.py"}


def test_a_link_to_what_is_not_there_is_named_for_the_import_that_may_find_it(tmp_path: Path) -> None:
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags/own.py").symlink_to("../real.py")
    assert set(reads(tmp_path, "import own").contents) == {"dags/own.py", "real.py"}


def test_deployed_paths_are_named_by_where_they_lie_in_the_tree(tmp_path: Path) -> None:
    write(tmp_path, {"sql/a.sql": ""})
    options = ReadOptions(roots={"/opt/airflow/sql": "sql"})
    assert reads(tmp_path, "os.path.exists('/opt/airflow/sql/a.sql')", options).contents == ("sql/a.sql",)
    assert reads(tmp_path, "list(os.walk('/opt/airflow/sql'))", options).entries == ("sql",)


def test_what_lies_outside_of_the_tree_is_named_apart(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    write(tmp_path, {"a.txt": "", "b/c.txt": "", "tree/dags/b.txt": ""})
    look = "open(HERE + '/../../a.txt'); open('/etc/passwd'); os.listdir('../b'); os.path.exists('/nowhere/x')"
    around = ("../a.txt", "../b/", "/etc/passwd", "/nowhere/x", f"{tmp_path}/a.txt", f"{tmp_path}/b/")
    assert reads(tree, look) == Reads(outside=around)


def test_neither_the_interpreter_nor_what_is_gone_afterwards_is_named(tmp_path: Path) -> None:
    look = (
        "import csv, tempfile, yaml, zoneinfo; tempfile.TemporaryDirectory().cleanup(); zoneinfo.ZoneInfo('Europe/Paris');"
        "open('/proc/self/status').read(); open('/dev/null'); HERE and os.path.realpath(HERE)"
    )
    assert reads(tmp_path, look).outside == ()


def test_files_that_arguments_of_tasks_name_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"dags/load.sql": "SELECT 1"})
    code = "from airflow.operators.bash import BashOperator\nwith DAG('two'): BashOperator(task_id='t', bash_command='load.sql')"
    assert "dags/load.sql" in reads(tmp_path, code).contents


@pytest.mark.parametrize(
    "look",
    [
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "os.waitpid(os.fork() or os._exit(0), 0)",
        "import ctypes; ctypes.CDLL(None)",
        "import sqlite3; sqlite3.connect(':memory:')",
        "import ssl\ntry: ssl.create_default_context(cafile='dags/a.pem')\nexcept OSError: pass",
        "open(HERE + '/out').read()",
        "os.path.exists('dags/here/a.txt')",
        "os.path.exists('dags/\\udcff')",
        "import tempfile; os.symlink(HERE, tempfile.mkdtemp() + '/link')",
        "import own",
    ],
)
def test_the_whole_tree_counts_where_it_cannot_be_told(tmp_path: Path, look: str) -> None:
    tree = write(tmp_path / "tree", {"dags/own.abi3.so": "", "dags/a.txt": ""})
    write(tmp_path, {"out": ""})
    (tree / "dags/out").symlink_to("../../out")
    (tree / "dags/here").symlink_to(tree / "dags")
    result = run(tree, f"try:\n    {look}\nexcept ImportError: pass" if look == "import own" else look)
    assert result.error is None
    assert result.reads is None


def test_installed_packages_may_read_anything(tmp_path: Path) -> None:
    assert run(tmp_path, "", ReadOptions(imports=("msgspec",))).reads is None


def test_a_file_that_fails_names_what_it_read(tmp_path: Path) -> None:
    write(tmp_path, {"dags/a.txt": ""})
    result = run(tmp_path, "open('dags/a.txt'); 1 / 0")
    assert result.error is not None
    assert result.reads is not None
    assert "dags/a.txt" in result.reads.contents
    assert result.repeatable


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("while True: pass", ReadOptions(timeout=1)),
        ("x = bytes(10**10)", ReadOptions()),
        ("os._exit(1)", ReadOptions()),
        ("try: x = bytes(10**10)\nexcept MemoryError: raise ValueError", ReadOptions()),
    ],
)
def test_what_a_limit_ended_is_not_repeatable(tmp_path: Path, code: str, options: ReadOptions) -> None:
    result = run(tmp_path, code, options)
    assert result.error is not None
    assert not result.repeatable


def test_unrelated_files_change_nothing_that_is_named(tmp_path: Path) -> None:
    texts = {"dags/pkg/mod.py": "", "dags/pkg/other.py": "", "plugins/own/__init__.py": "", "dags/q/a.sql": ""}
    write(tmp_path, texts)
    found = run(
        tmp_path, "import pkg.mod, own, csv, requests\nfor path in Path(HERE, 'q').glob('*.sql'): path.read_text()"
    ).reads
    assert found is not None
    was = state(tmp_path, found)
    write(
        tmp_path, {"dags/new.py": "", "README.md": "", "dags/pkg/new.py": "", "plugins/own/new.py": "", "docs/a.md": ""}
    )
    write(
        tmp_path, {"dags/pkg/other.py": "X = 1", "plugins/new.py": "", "dags/new/__init__.py": "", "dags/new.sql": ""}
    )
    assert state(tmp_path, found) == was
    write(tmp_path, {"dags/q/b.sql": ""})
    assert state(tmp_path, found) != was


def test_names_are_the_same_wherever_the_tree_lies(tmp_path: Path) -> None:
    found = [run(tmp_path / folder, "import csv, own\nos.walk(HERE)").reads for folder in ("a", "b/c")]
    assert found[0] == found[1]
