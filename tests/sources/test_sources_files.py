"""Reading a tree: what goes wrong in one file is that file's error, and the others are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sources_trees import DAG_FILE, write

from dagserial.errors import SettingsError
from dagserial.sources import files
from dagserial.sources.reading import FileError, Provenance, Reading, ReadOptions

HEAD = "from airflow import DAG\n"

BROKEN: dict[str, tuple[str, int | None, str]] = {
    "syntax": ("x = 1\ny = (\n", 3, "SyntaxError: '(' was never closed"),
    "null_byte": ("x = 1\n\0", None, "SyntaxError: source code string cannot contain null bytes"),
    "raised": ("\nimport helping\nhelping.fail()\n", 4, "ValueError: with two lines (in helping.py:2)"),
    "import_syntax": ("import helping_syntax\n", 2, "SyntaxError: invalid syntax (in helping_syntax.py:1)"),
    "import_name": (
        "from helping import missing\n",
        2,
        "ImportError: cannot import name 'missing' from 'helping' (helping.py)",
    ),
    "assertion": ("assert False\n", 2, "AssertionError"),
    "exit": ("import sys\nsys.exit(3)\n", 3, "SystemExit: the file ends the interpreter (3)"),
    "exit_quietly": ("raise SystemExit\n", 2, "SystemExit: the file ends the interpreter (None)"),
    "interrupt": ("raise KeyboardInterrupt\n", 2, "KeyboardInterrupt"),
    "os_exit": ("import os\nos._exit(0)\n", None, "the file ended without an answer (exit status 0)"),
    "os_exit_3": ("import os\nos._exit(3)\n", None, "the file ended without an answer (exit status 3)"),
    "endless": ("while True: pass\n", None, "the file took longer than 2 s"),
    "recursion": ("def f(): f()\nf()\n", 2, "RecursionError: maximum recursion depth exceeded"),
    "not_a_dag": ("DAG(3)\n", 2, "TypeError: dag_id must be a string, not int: 3"),
    "circle": (
        "from airflow.operators.empty import EmptyOperator as E\n"
        "with DAG('circle'):\n    a, b = E(task_id='a'), E(task_id='b')\n    a >> b >> a\n",
        None,
        "InvalidDagError: tasks of DAG 'circle' run in a circle: a -> b -> a",
    ),
    "surrogate": (
        "DAG('surrogate', description='\\ud800').task\nd = DAG('surrogate', description='\\ud800')\n",
        3,
        "the string '\\ud800' holds a lone surrogate (at /dag/description, DAG 'surrogate', dags/surrogate.py:3)",
    ),
}
"""Code behind the import of DAG in line 1, the line to blame, and the error."""

TREE = {
    "helping.py": "def fail():\n    raise ValueError('with\\n  two lines')\n",
    "helping_syntax.py": "def f(:\n",
    **{f"dags/{name}.py": HEAD + code for name, (code, _, _) in BROKEN.items()},
    "dags/a_fine_one.py": DAG_FILE.format("first"),
    "dags/z_fine_one.py": DAG_FILE.format("last"),
    "dags/printing.py": (
        "import sys\n"
        "for _ in range(20):\n    print('x' * 10**6)\n    sys.stderr.write('y' * 10**6)\n" + DAG_FILE.format("printing")
    ),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    return files.read(write(tmp_path_factory.mktemp("broken"), TREE), ReadOptions(timeout=2.0))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_an_error_with_its_line(broken: Reading, name: str) -> None:
    errors = {error.file: error for error in broken.errors}
    _, line, message = BROKEN[name]
    assert errors[f"dags/{name}.py"] == FileError(f"dags/{name}.py", line, message)


def test_other_files_are_read_all_the_same(broken: Reading) -> None:
    assert [parsed.dag.dag_id for parsed in broken.parsed] == ["first", "last", "printing"]


def test_errors_are_sorted_by_file(broken: Reading) -> None:
    names = [error.file for error in broken.errors]
    assert names == sorted(f"dags/{name}.py" for name in BROKEN)


CONFINED = {
    "memory": "x = bytearray(10**10)\n",
    "memory_bit_by_bit": "x = []\nwhile True: x.append(bytearray(10**7))\n",
    "network": "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)\n",
    "network_by_url": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')\n",
    "writing": "import os\nopen(os.path.join(os.path.dirname(__file__), 'x'), 'w')\n",
}


@pytest.fixture(scope="module")
def confined(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileError]:
    texts = {f"dags/{name}.py": HEAD + code for name, code in CONFINED.items()}
    reading = files.read(write(tmp_path_factory.mktemp("confined"), texts), ReadOptions(memory_mib=256))
    return {error.file.removeprefix("dags/").removesuffix(".py"): error for error in reading.errors}


@pytest.mark.parametrize("name", ["memory", "memory_bit_by_bit"])
def test_a_file_gets_no_more_memory_than_is_allowed(confined: dict[str, FileError], name: str) -> None:
    assert "MemoryError" in confined[name].error or "more than 256 MiB" in confined[name].error


@pytest.mark.parametrize("name", ["network", "network_by_url"])
def test_a_file_reaches_no_network(confined: dict[str, FileError], name: str) -> None:
    assert confined[name].line == 3
    assert any(reason in confined[name].error for reason in ("Permission denied", "Network is unreachable", "refused"))


def test_a_file_writes_nothing_into_the_tree(tmp_path: Path, confined: dict[str, FileError]) -> None:
    if "writing" not in confined:
        pytest.skip("this machine confines no writing, and the reader may write here")
    assert "'dags/x'" in confined["writing"].error


class TestEncodings:
    def test_a_file_is_read_in_the_encoding_that_it_declares(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_bytes(
            b"# -*- coding: latin-1 -*-\n" + HEAD.encode() + b"d = DAG('d', doc_md='\xe9')\n"
        )
        [parsed] = files.read(tmp_path, ReadOptions()).parsed
        assert parsed.dag.fields.doc_md == "é"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"# -*- coding: klingon -*-\n" + HEAD.encode(), "SyntaxError: unknown encoding: klingon"),
            (HEAD.encode() + b"x = '\xe9'\n", "SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe9"),
        ],
    )
    def test_an_encoding_that_does_not_hold_is_an_error(self, tmp_path: Path, text: bytes, message: str) -> None:
        (tmp_path / "a.py").write_bytes(text)
        [error] = files.read(tmp_path, ReadOptions()).errors
        assert error.error.startswith(message)
        assert error.line is None or error.line > 0


class TestDuplicates:
    def test_a_dag_id_belongs_to_the_first_file(self, tmp_path: Path) -> None:
        texts = {
            "dags/a.py": "\n" + HEAD + "with DAG('same', description='a'): pass\n",
            "dags/b.py": HEAD + "with DAG('same', description='b'): pass\nwith DAG('other'): pass\n",
        }
        reading = files.read(write(tmp_path, texts), ReadOptions())
        assert [(parsed.dag.dag_id, parsed.provenance.file) for parsed in reading.parsed] == [
            ("other", "dags/b.py"),
            ("same", "dags/a.py"),
        ]
        assert reading.errors == (FileError("dags/b.py", 2, "dag_id 'same' is declared in dags/a.py:3 already"),)

    def test_the_same_dag_twice_is_one(self, tmp_path: Path) -> None:
        texts = {"dags/a.py": DAG_FILE.format("same"), "dags/b.py": DAG_FILE.format("same")}
        reading = files.read(write(tmp_path, texts), ReadOptions())
        assert (len(reading.parsed), reading.errors) == (1, ())

    def test_a_file_may_contradict_itself(self, tmp_path: Path) -> None:
        text = HEAD + "with DAG('same', description='1'): pass\nwith DAG('same', description='2'): pass\n"
        reading = files.read(write(tmp_path, {"dags/a.py": text}), ReadOptions())
        assert reading.errors == (FileError("dags/a.py", 3, "dag_id 'same' is declared in dags/a.py:2 already"),)

    def test_dags_are_the_same_by_bytes(self, tmp_path: Path) -> None:
        text = HEAD + "with DAG('same', catchup=True): pass\nwith DAG('same', catchup=1): pass\n"
        assert len(files.read(write(tmp_path, {"dags/a.py": text}), ReadOptions()).errors) == 1


class TestOptions:
    def test_a_tree_without_dag_files_holds_nothing(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags/a.txt": "airflow dag"})
        assert files.read(tmp_path, ReadOptions()) == Reading()

    def test_folders_and_files_are_named(self, tmp_path: Path) -> None:
        texts = {f"{place}.py": DAG_FILE.format(place.replace("/", "_")) for place in ("dags/a", "jobs/b", "jobs/c")}
        write(tmp_path, texts)
        named = [("jobs",), ("jobs/b.py", "dags"), ("jobs/b.py", "jobs"), (".",)]
        assert [
            [parsed.dag.dag_id for parsed in files.read(tmp_path, ReadOptions(dags=dags)).parsed] for dags in named
        ] == [["jobs_b", "jobs_c"], ["dags_a", "jobs_b"], ["jobs_b", "jobs_c"], ["dags_a", "jobs_b", "jobs_c"]]

    def test_a_folder_outside_of_the_tree_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="lies outside of the repository"):
            files.read(tmp_path, ReadOptions(dags=("..",)))

    def test_the_ignore_syntax_is_chosen(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {"dags/.airflowignore": "a", "dags/a.py": DAG_FILE.format("a"), "dags/ba.py": DAG_FILE.format("b")},
        )
        found = {
            syntax: [parsed.dag.dag_id for parsed in files.read(tmp_path, ReadOptions(ignore_syntax=syntax)).parsed]
            for syntax in ("regexp", "glob")
        }
        assert found == {"regexp": [], "glob": ["a", "b"]}

    def test_a_dag_stands_with_its_file_and_line(self, tmp_path: Path) -> None:
        write(tmp_path, {"team/dags/a.py": "\n\n" + DAG_FILE.format("a")})
        [parsed] = files.read(tmp_path, ReadOptions()).parsed
        assert parsed.provenance == Provenance(file="team/dags/a.py", line=4)

    def test_a_tree_is_read_by_a_relative_path_and_through_a_link(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path / "tree", {"dags/a.py": HEAD + "with DAG('a', doc_md=__file__): pass\n"})
        (tmp_path / "link").symlink_to("tree")
        monkeypatch.chdir(tmp_path)
        readings = [files.read(Path(root), ReadOptions()) for root in ("tree", "link", str(tmp_path / "tree"))]
        assert readings[0] == readings[1] == readings[2]
        assert readings[0].parsed[0].dag.fields.doc_md == {"$": "rooted", "parts": ["", "/dags/a.py"]}


class TestImportRoots:
    def test_they_are_dag_folders_plugins_config_the_paths_and_the_top(self, tmp_path: Path) -> None:
        write(
            tmp_path, dict.fromkeys(["dags/a", "plugins/a", "config/a", "lib/a", "team/dags/a", "team/plugins/a"], "")
        )
        roots = files.import_roots(tmp_path, ["dags", "team/dags"], ["lib", "none"])
        assert [Path(root).relative_to(tmp_path).as_posix() for root in roots] == [
            *("dags", "plugins", "config", "team/dags", "team/plugins", "lib", "team", ".")
        ]

    def test_a_dag_file_brings_its_folder(self, tmp_path: Path) -> None:
        write(tmp_path, {"jobs/a.py": ""})
        assert files.import_roots(tmp_path, ["jobs/a.py"], []) == [str(tmp_path / "jobs"), str(tmp_path)]

    def test_paths_out_of_the_tree_are_left_out(self, tmp_path: Path) -> None:
        root = write(tmp_path / "root", {"dags/a.py": ""})
        write(tmp_path, {"outside/a.py": ""})
        (root / "linked").symlink_to(tmp_path / "outside")
        assert files.import_roots(root, ["dags"], ["../outside", "linked"]) == [str(root / "dags"), str(root)]
