"""The files of refs through fsspec: found by protocol, whole or in part, and never written."""

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from dagserial.errors import FolderError, PathNotFoundError, ReadOnlyError, RepositoryError
from dagserial.history import History
from dagserial.history.filesystem import RefFileSystem

Git = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def tree(repo: Path, git: Git, commit: Commit) -> Path:
    """A repository with `v1.2.0`, and `feature/x`, which goes on from it."""
    (repo / "dags/loop").symlink_to("..")
    (repo / "dags/same.py").symlink_to("etl.py")
    (repo / "out").symlink_to("../secret")
    (repo.parent / "secret").write_text("secret")
    commit(repo, {"dags/etl.py": "0123456789\n", "dags/sql/a.sql": "a", "dags/sql/b.sql": "bb", "100%": "percent"})
    git(repo, "tag", "v1.2.0")
    git(repo, "checkout", "--quiet", "-b", "feature/x")
    commit(repo, {"dags/etl.py": "new\n"})
    return repo


@pytest.fixture
def files(tree: Path) -> Iterator[RefFileSystem]:
    opened = fsspec.filesystem("dagserial", repo=tree)
    assert isinstance(opened, RefFileSystem)
    yield opened
    opened.close()


def test_a_url_opens_a_file_at_a_ref(tree: Path) -> None:
    with fsspec.open("dagserial://v1.2.0/dags/etl.py", repo=str(tree)) as file:
        assert file.read() == b"0123456789\n"
    with fsspec.open("dagserial://v1.2.0/dags/etl.py", "rt", repo=tree) as file:
        assert file.read() == "0123456789\n"
    with fsspec.open("dagserial://v1.2.0/dags/same.py", repo=tree) as file:
        assert (file.seek(4), file.read(2)) == (4, b"45")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("dagserial://feature%2Fx/dags/etl.py", {}),
        ("dagserial://feature%2fx/dags/etl.py", {}),
        ("dagserial://dags/etl.py", {"ref": "feature/x"}),
        ("dagserial:///dags/etl.py", {"ref": "feature/x"}),
        ("dagserial://HEAD/dags/etl.py", {}),
        ("dagserial://@worktree/dags/etl.py", {}),
        ("dagserial://refs%2Fheads%2Ffeature%2Fx/dags/etl.py", {}),
        ("dagserial://HEAD@{0}/dags/etl.py", {}),
    ],
)
def test_every_ref_can_be_said(tree: Path, url: str, options: dict[str, str]) -> None:
    with fsspec.open(url, repo=tree, **options) as file:
        assert file.read() == b"new\n"


def test_with_ref_names_are_taken_as_they_are(tree: Path) -> None:
    files = fsspec.filesystem("dagserial", repo=tree, ref="v1.2.0")
    assert files.cat_file("100%") == b"percent"
    assert files.ls("", detail=False) == ["100%", "dags", "out"]
    assert files.find("dags/sql") == ["dags/sql/a.sql", "dags/sql/b.sql"]
    assert files.info("")["type"] == "directory"


def test_the_top_holds_the_refs(files: RefFileSystem, tree: Path, git: Git) -> None:
    git(tree, "tag", "50%/half")
    names = files.ls("dagserial://", detail=False)
    assert names == ["50%25%2Fhalf", "feature%2Fx", "main", "v1.2.0"]
    assert all(files.isdir(name) and files.exists(f"{name}/dags/etl.py") for name in names[1:])
    assert files.info("") == {"name": "", "size": 0, "type": "directory"}
    assert len(files.glob("*/dags/etl.py")) == 4


def test_a_folder_is_listed_with_what_is_known_of_each(files: RefFileSystem, tree: Path, git: Git) -> None:
    found = {info["name"]: info for info in files.ls("dagserial://v1.2.0/dags/")}
    assert list(found) == ["v1.2.0/dags/etl.py", "v1.2.0/dags/loop", "v1.2.0/dags/same.py", "v1.2.0/dags/sql"]
    id_ = git(tree, "rev-parse", "v1.2.0:dags/etl.py")
    shared = {"size": 11, "type": "file", "mode": 0o100644, "id": id_, "is_submodule": False}
    assert found["v1.2.0/dags/etl.py"] == {"name": "v1.2.0/dags/etl.py", "islink": False, **shared}
    link = {"name": "v1.2.0/dags/same.py", "islink": True, "destination": "etl.py", **shared}
    assert found["v1.2.0/dags/same.py"] == link
    assert found["v1.2.0/dags/sql"]["type"] == "directory"
    assert all(files.info(name) == info for name, info in found.items())
    assert files.ls("v1.2.0/dags/etl.py") == [found["v1.2.0/dags/etl.py"]]
    assert files.ls("v1.2.0/dags/etl.py", detail=False) == ["v1.2.0/dags/etl.py"]


def test_a_link_out_of_the_tree_is_named_and_not_followed(files: RefFileSystem) -> None:
    info = files.info("v1.2.0/out")
    assert (info["type"], info["destination"], info["islink"]) == ("link", "../secret", True)
    assert not files.isfile("v1.2.0/out")
    with pytest.raises(FileNotFoundError):
        files.cat_file("v1.2.0/out")


def test_walking_does_not_go_round_in_circles(files: RefFileSystem) -> None:
    walked = [(top, sorted(dirs), sorted(names)) for top, dirs, names in files.walk("v1.2.0")]
    assert walked == [
        ("v1.2.0", ["dags"], ["100%", "out"]),
        ("v1.2.0/dags", ["loop", "sql"], ["etl.py", "same.py"]),
        ("v1.2.0/dags/sql", [], ["a.sql", "b.sql"]),
    ]
    assert [top for top, _, _ in files.walk("v1.2.0", maxdepth=1)] == ["v1.2.0"]
    assert [top for top, _, _ in files.walk("v1.2.0/dags", topdown=False)] == ["v1.2.0/dags/sql", "v1.2.0/dags"]


def test_files_are_found_as_fsspec_finds_them(files: RefFileSystem, tree: Path) -> None:
    assert files.find("v1.2.0/dags") == [
        "v1.2.0/dags/etl.py",
        "v1.2.0/dags/same.py",
        "v1.2.0/dags/sql/a.sql",
        "v1.2.0/dags/sql/b.sql",
    ]
    assert files.glob("v1.2.0/dags/*.py") == ["v1.2.0/dags/etl.py", "v1.2.0/dags/same.py"]
    assert files.glob("v1.2.0/**/*.sql") == ["v1.2.0/dags/sql/a.sql", "v1.2.0/dags/sql/b.sql"]
    assert files.du("v1.2.0/dags/sql") == 3
    opened = fsspec.open_files("dagserial://feature%2Fx/dags/sql/*.sql", repo=tree)
    assert [file.path for file in opened] == ["feature%2Fx/dags/sql/a.sql", "feature%2Fx/dags/sql/b.sql"]


@pytest.mark.parametrize("range_", [(None, None), (0, 3), (3, None), (-3, None), (2, -2), (8, 100), (100, 200), (3, 3)])
def test_a_range_of_a_file_is_given_as_memory_gives_it(files: RefFileSystem, range_: tuple[int, int]) -> None:
    assert files.cat_file("v1.2.0/dags/etl.py", *range_) == b"0123456789\n"[slice(*range_)]
    assert files.cat_ranges(["v1.2.0/dags/etl.py"], [2], [5]) == [b"234"]


def test_several_files_are_given_at_once(files: RefFileSystem, tmp_path: Path) -> None:
    assert files.cat("v1.2.0/dags/sql/*") == {"v1.2.0/dags/sql/a.sql": b"a", "v1.2.0/dags/sql/b.sql": b"bb"}
    assert files.head("v1.2.0/dags/etl.py", 3) == b"012"
    assert files.tail("v1.2.0/dags/etl.py", 3) == b"89\n"
    files.get("v1.2.0/dags/sql", str(tmp_path / "got"), recursive=True)
    assert (tmp_path / "got/b.sql").read_text() == "bb"


def test_what_is_not_there_is_said_as_fsspec_wants_it(files: RefFileSystem) -> None:
    for name in ("v1.2.0/nothing", "nowhere/dags", "nowhere", "--upload-pack=x/dags", "v1.2.0/dags/etl.py/x"):
        assert not files.exists(name)
        assert not files.isdir(name)
        assert not files.isfile(name)
        for ask in (files.info, files.ls, files.cat_file, files.open):
            with pytest.raises(FileNotFoundError) as caught:
                ask(name)
            assert isinstance(caught.value, PathNotFoundError)
    with pytest.raises(FolderError):
        files.cat_file("v1.2.0/dags")
    with pytest.raises(RepositoryError):
        fsspec.filesystem("dagserial", repo="/")


WRITES = {
    "copy": ("v1.2.0/dags/etl.py", "v1.2.0/x"),
    "makedir": ("v1.2.0/x",),
    "makedirs": ("v1.2.0/x",),
    "mkdir": ("v1.2.0/x",),
    "move": ("v1.2.0/dags/etl.py", "v1.2.0/x"),
    "mv": ("v1.2.0/dags/etl.py", "v1.2.0/x"),
    "pipe": ("v1.2.0/x", b"x"),
    "pipe_file": ("v1.2.0/x", b"x"),
    "put_file": (__file__, "v1.2.0/x"),
    "put": (__file__, "v1.2.0/x"),
    "rm": ("v1.2.0/dags/etl.py",),
    "rm_file": ("v1.2.0/dags/etl.py",),
    "delete": ("v1.2.0/dags/etl.py",),
    "rmdir": ("v1.2.0/dags",),
    "touch": ("v1.2.0/x",),
    "write_bytes": ("v1.2.0/x", b"x"),
    "write_text": ("v1.2.0/x", "x"),
}


@pytest.mark.parametrize("verb", WRITES)
def test_whatever_writes_is_refused(files: RefFileSystem, verb: str) -> None:
    with pytest.raises(ReadOnlyError, match=r" is refused: refs are read, never written$"):
        getattr(files, verb)(*WRITES[verb])


@pytest.mark.parametrize("mode", ["w", "wb", "a", "ab", "xb", "r+b"])
def test_modes_that_write_are_refused(files: RefFileSystem, mode: str) -> None:
    with pytest.raises(ReadOnlyError):
        files.open("@worktree/dags/etl.py", mode)


def test_links_submodules_and_pointers_are_told_by_the_path(files: RefFileSystem, tree: Path, git: Git) -> None:
    assert files.path("v1.2.0/dags/same.py").is_symlink()
    with History(tree) as history:
        assert files.path("v1.2.0/dags").as_posix() == history.path("v1.2.0", "dags").as_posix()
    head = git(tree, "rev-parse", "HEAD")
    git(tree, "update-index", "--add", "--cacheinfo", f"160000,{head},module")
    git(tree, "commit", "--quiet", "--message", "module")
    info = fsspec.filesystem("dagserial", repo=tree).info("HEAD/module")
    assert (info["type"], info["is_submodule"], info["id"]) == ("directory", True, head)
    assert fsspec.filesystem("dagserial", repo=tree).ls("HEAD/module") == []


def test_sizes_are_none_where_a_partial_clone_has_no_content(tree: Path, tmp_path: Path, git: Git) -> None:
    git(tree, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{tree}", "partial")
    files = fsspec.filesystem("dagserial", repo=tmp_path / "partial", ref="HEAD")
    assert [(info["name"], info["size"]) for info in files.ls("dags/sql")] == [
        ("dags/sql/a.sql", None),
        ("dags/sql/b.sql", None),
    ]
    with pytest.raises(RepositoryError, match=r"git fetch --refetch --no-filter"):
        files.cat_file("dags/sql/a.sql")


def test_odd_names_are_listed_and_read(files: RefFileSystem, tree: Path, commit: Commit) -> None:
    names = ["odd/line\nbreak", "odd/'q\"", os.fsdecode(b"odd/\xff"), "odd/per%20cent"]
    commit(tree, dict.fromkeys(names, "odd"))
    assert sorted(files.find("HEAD/odd")) == sorted(f"HEAD/{name}" for name in names)
    assert {files.cat_file(f"HEAD/{name}") for name in names} == {b"odd"}


def test_a_new_file_system_sees_a_ref_that_moved(tree: Path, commit: Commit) -> None:
    files = fsspec.filesystem("dagserial", repo=tree)
    assert files.cat_file("feature%2Fx/dags/etl.py") == b"new\n"
    commit(tree, {"dags/etl.py": "newer\n"})
    assert files.cat_file("feature%2Fx/dags/etl.py") == b"new\n"
    assert fsspec.filesystem("dagserial", repo=tree).cat_file("feature%2Fx/dags/etl.py") == b"newer\n"


def test_it_travels_to_other_processes(tree: Path, files: RefFileSystem) -> None:
    opened = fsspec.open("dagserial://v1.2.0/dags/sql/a.sql", repo=str(tree))
    assert opened.open().read() == b"a"
    with pickle.loads(pickle.dumps(opened)) as file:
        assert file.read() == b"a"
    again = pickle.loads(pickle.dumps(files))
    assert again.cat_file("v1.2.0/dags/sql/b.sql") == b"bb"
    again.close()


def test_nothing_else_of_dagserial_needs_fsspec() -> None:
    code = "import sys; sys.modules['fsspec'] = None\nfrom dagserial.history import History, RefPath; import dagserial.__main__"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_text_is_what_python_opens(tree: Path) -> None:
    with fsspec.open("dagserial://v1.2.0/dags/etl.py", "r", encoding="ascii", repo=tree) as file:
        assert isinstance(file, io.TextIOWrapper)
        assert list(file) == ["0123456789\n"]
