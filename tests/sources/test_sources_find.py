"""Where DAG files lie: folders, `.airflowignore`, links. What is ignored was compared with Airflow 2.9.2 and 3.3.2."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sources_trees import write

from dagserial.errors import SettingsError
from dagserial.sources import files
from dagserial.sources.find import dag_files, dag_folders
from dagserial.sources.reading import ReadOptions
from dagserial.sources.tree import OnDisk

SPEAKS = "from airflow import DAG\n"


def found(root: Path, names: str, ignore: dict[str, str] | None = None, syntax: str = "auto") -> list[str]:
    """Return which of some DAG files in `dags` are found, from that folder."""
    write(root, {f"dags/{name}": SPEAKS for name in names.split()})
    write(root, {f"dags/{folder}.airflowignore": text for folder, text in (ignore or {}).items()})
    return [file.removeprefix("dags/") for file in dag_files(OnDisk(root), "dags", syntax)]


class TestFolders:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["dags/a.py", "team/dags/b.py"], ["dags"]),
            (["team/dags/a.py", "area/dags/b.py", "area/deep/dags/c.py"], ["area/dags", "team/dags"]),
            (["a/b/c/dags/d.py"], ["a/b/c/dags"]),
            (["a/b/c/d/dags/too_deep.py"], ["."]),
            (["a.py"], ["."]),
            ([".hidden/dags/a.py", "node_modules/dags/b.py", ".venv/dags/c.py"], ["."]),
        ],
    )
    def test_the_nearest_folders_named_dags_are_found(
        self, tmp_path: Path, names: list[str], expected: list[str]
    ) -> None:
        write(tmp_path, dict.fromkeys(names, SPEAKS))
        assert dag_folders(OnDisk(tmp_path), ()) == expected

    def test_a_file_named_dags_is_no_folder(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags": ""})
        assert dag_folders(OnDisk(tmp_path), ()) == ["."]

    @pytest.mark.parametrize(
        ("named", "expected"),
        [
            (("jobs",), ["jobs"]),
            (("./jobs/", "jobs/../jobs/a.py"), ["jobs", "jobs/a.py"]),
            ((".",), ["."]),
            (("jobs", "gone"), ["jobs"]),
            (("gone",), []),
        ],
    )
    def test_named_folders_and_files_are_taken_as_far_as_they_are_there(
        self, tmp_path: Path, named: tuple[str, ...], expected: list[str]
    ) -> None:
        write(tmp_path, {"jobs/a.py": SPEAKS, "dags/b.py": SPEAKS})
        assert dag_folders(OnDisk(tmp_path), named) == expected

    def test_an_absolute_path_within_the_tree_is_taken_from_its_top(self, tmp_path: Path) -> None:
        write(tmp_path, {"jobs/a.py": SPEAKS})
        assert dag_folders(OnDisk(tmp_path), (str(tmp_path / "jobs"),)) == ["jobs"]

    @pytest.mark.parametrize("name", ["..", "../other", "jobs/../../other", "/"])
    def test_a_path_outside_of_the_tree_is_refused(self, tmp_path: Path, name: str) -> None:
        root = write(tmp_path / "root", {"jobs/a.py": SPEAKS})
        write(tmp_path / "other", {"a.py": SPEAKS})
        with pytest.raises(SettingsError, match="lies outside of the repository"):
            dag_folders(OnDisk(root), ("jobs", name))

    def test_a_link_out_of_the_tree_is_refused_as_a_folder(self, tmp_path: Path) -> None:
        root = write(tmp_path / "root", {"jobs/a.py": SPEAKS})
        (root / "linked").symlink_to(tmp_path)
        with pytest.raises(SettingsError, match="'linked' lies outside"):
            dag_folders(OnDisk(root), ("linked",))


class TestFiles:
    def test_they_are_python_files_that_speak_of_dags(self, tmp_path: Path) -> None:
        texts = {
            "dags/both.py": "import AIRFLOW  # dAg",
            "dags/no_dag.py": "import airflow",
            "dags/no_airflow.py": "DAG",
            "dags/own.py": "import dagserial",
            "dags/text.txt": SPEAKS,
            "dags/sub/deep.py": SPEAKS,
            "dags/__pycache__/cached.py": SPEAKS,
        }
        write(tmp_path, texts)
        assert dag_files(OnDisk(tmp_path), "dags", "auto") == ["dags/both.py", "dags/own.py", "dags/sub/deep.py"]

    def test_they_are_sorted_by_path(self, tmp_path: Path) -> None:
        assert found(tmp_path, "b.py a/z.py a.py B.py a-b/c.py") == ["B.py", "a-b/c.py", "a.py", "a/z.py", "b.py"]

    def test_a_file_that_is_named_is_taken_without_a_look(self, tmp_path: Path) -> None:
        write(tmp_path, {"jobs/a.py": "x = 1"})
        assert dag_files(OnDisk(tmp_path), "jobs/a.py", "auto") == ["jobs/a.py"]

    def test_the_top_of_the_tree_may_be_the_folder(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.py": SPEAKS, ".git/b.py": SPEAKS})
        assert dag_files(OnDisk(tmp_path), ".", "auto") == ["a.py"]

    @pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
    def test_a_file_that_cannot_be_read_is_left_out(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags/a.py": SPEAKS})
        (tmp_path / "dags/a.py").chmod(0)
        assert dag_files(OnDisk(tmp_path), "dags", "auto") == []

    def test_links_within_the_tree_are_followed(self, tmp_path: Path) -> None:
        write(tmp_path, {"shared/a.py": SPEAKS, "dags/b.py": SPEAKS})
        (tmp_path / "dags/linked").symlink_to(tmp_path / "shared")
        (tmp_path / "dags/c.py").symlink_to(tmp_path / "shared/a.py")
        assert dag_files(OnDisk(tmp_path), "dags", "auto") == ["dags/b.py", "dags/c.py", "dags/linked/a.py"]

    def test_links_in_a_circle_end(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags/a.py": SPEAKS, "dags/sub/b.py": SPEAKS})
        (tmp_path / "dags/sub/up").symlink_to(tmp_path / "dags")
        (tmp_path / "dags/self.py").symlink_to("self.py")
        (tmp_path / "dags/nowhere.py").symlink_to("gone.py")
        assert dag_files(OnDisk(tmp_path), "dags", "auto") == ["dags/a.py", "dags/sub/b.py"]

    def test_links_out_of_the_tree_are_not_followed(self, tmp_path: Path) -> None:
        write(tmp_path / "outside", {"a.py": SPEAKS})
        root = write(tmp_path / "root", {"dags/b.py": SPEAKS})
        (root / "dags/linked").symlink_to(tmp_path / "outside")
        (root / "dags/c.py").symlink_to(tmp_path / "outside/a.py")
        assert dag_files(OnDisk(root), "dags", "auto") == ["dags/b.py"]

    def test_a_name_that_is_no_utf_8_is_an_error_of_that_file(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags/fine.py": "from airflow import DAG\nwith DAG('fine'): pass\n"})
        folder = os.fsencode(tmp_path / "dags")
        try:
            os.mkdir(folder + b"/d\xff")
        except OSError:
            pytest.skip("this file system takes UTF-8 names alone")
        for name in (b"/odd\xff.py", b"/d\xff/fine.py"):
            with open(folder + name, "w") as file:
                file.write(SPEAKS)
        reading = files.read(tmp_path, ReadOptions())
        assert [parsed.dag.dag_id for parsed in reading.parsed] == ["fine"]
        assert [(error.file, error.error) for error in reading.errors] == [
            ("dags/d\\xff/fine.py", "the file's name is not UTF-8"),
            ("dags/odd\\xff.py", "the file's name is not UTF-8"),
        ]

    def test_a_tree_of_odd_names_alone_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "dags").mkdir()
        try:
            with open(os.fsencode(tmp_path / "dags") + b"/\xff.py", "w") as file:
                file.write(SPEAKS)
        except OSError:
            pytest.skip("this file system takes UTF-8 names alone")
        assert [error.file for error in files.read(tmp_path, ReadOptions()).errors] == ["dags/\\xff.py"]


NAMES = "a.py ab.py sub/a.py sub/c.py sub/deep/a.py other/c.py"

IGNORED: dict[str, tuple[str, dict[str, str], str]] = {
    "regexp: anywhere in the path": ("regexp", {"": "b"}, "a.py other/c.py"),
    "regexp: from the DAG folder's top": ("regexp", {"": "^sub/"}, "a.py ab.py other/c.py"),
    "regexp: a folder by its end": ("regexp", {"": "^sub$"}, "a.py ab.py other/c.py"),
    "regexp: a file by its end": ("regexp", {"": r"c\.py$"}, "a.py ab.py sub/a.py sub/deep/a.py"),
    "regexp: in a folder, from the top all the same": (
        "regexp",
        {"sub/": "^sub/deep"},
        "a.py ab.py other/c.py sub/a.py sub/c.py",
    ),
    "regexp: in a folder, for that folder alone": ("regexp", {"sub/": "a"}, "a.py ab.py other/c.py sub/c.py"),
    "regexp: comments and empty lines": ("regexp", {"": "# sub\n\n  \nother # c\na.py#x"}, "ab.py sub/c.py"),
    "glob: a name at any depth": ("glob", {"": "a.py"}, "ab.py other/c.py sub/c.py"),
    "glob: a folder": ("glob", {"": "deep/"}, "a.py ab.py other/c.py sub/a.py sub/c.py"),
    "glob: from the top": ("glob", {"": "/a.py"}, "ab.py other/c.py sub/a.py sub/c.py sub/deep/a.py"),
    "glob: across folders": ("glob", {"": "sub/**/a.py"}, "a.py ab.py other/c.py sub/c.py"),
    "glob: taken back": ("glob", {"": "*.py\n!c.py"}, "other/c.py sub/c.py"),
    "glob: taken back in a folder": (
        "glob",
        {"": "a*.py", "sub/": "!a.py"},
        "other/c.py sub/a.py sub/c.py sub/deep/a.py",
    ),
    "glob: in a folder, from that folder": ("glob", {"sub/": "/a.py"}, "a.py ab.py other/c.py sub/c.py sub/deep/a.py"),
    "glob: comments": ("glob", {"": "# a.py\nother # not this"}, "a.py ab.py sub/a.py sub/c.py sub/deep/a.py"),
    "auto: marks of a regular expression": ("auto", {"": ".*b.*"}, "a.py other/c.py"),
    "auto: a glob without marks": ("auto", {"": "a*.py"}, "other/c.py sub/c.py"),
    "auto: each file for itself": ("auto", {"": "ab.py", "sub/": r"deep/.*\.py"}, "a.py other/c.py sub/a.py sub/c.py"),
    "an empty file": ("auto", {"": ""}, "a.py ab.py other/c.py sub/a.py sub/c.py sub/deep/a.py"),
}
"""Syntax, `.airflowignore` by folder, and what is found all the same."""


@pytest.mark.parametrize("case", IGNORED)
def test_airflowignore_ignores_what_airflow_ignores(tmp_path: Path, case: str) -> None:
    syntax, ignore, expected = IGNORED[case]
    assert found(tmp_path, NAMES, ignore, syntax) == sorted(expected.split())


def test_an_airflowignore_that_is_no_utf_8_is_read(tmp_path: Path) -> None:
    write(tmp_path, {"dags/a.py": SPEAKS, "dags/b.py": SPEAKS})
    (tmp_path / "dags/.airflowignore").write_bytes(b"# \xff\na.py\n")
    assert dag_files(OnDisk(tmp_path), "dags", "auto") == ["dags/b.py"]


def test_a_broken_regular_expression_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.airflowignore holds '\(a', which is no regular expression"):
        found(tmp_path, NAMES, {"": "(a"})
