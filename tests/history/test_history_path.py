"""The files of a ref as paths: what pathlib says of the same files on disk, and nothing from outside of the tree."""

import io
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagserial.errors import (
    DagserialError,
    FolderError,
    NoFolderError,
    NotFoundError,
    PathNotFoundError,
    ReadOnlyError,
    RepositoryError,
    SettingsError,
)
from dagserial.history import History, RefPath
from dagserial.history.objects import Objects

Git = Callable[..., str]
Commit = Callable[..., str]

FILES = {
    "README": "read me\n",
    "dags/etl.py": "second\n",
    "dags/run.sh": "#!/bin/sh\n",
    "dags/sql/a.sql": "select 1\r\n",
    "dags/sql/b.sql": "select 'ü'\n",
    "dags.md": "",
    ".hidden/x.py": "",
}
LINKS = {
    "dags/same.py": "etl.py",
    "dags/up": "../README",
    "dags/here": ".",
    "link": "dags/sql",
    "out": "../outside",
    "absolute": "/etc/passwd",
    "round": "around",
    "around": "round",
    "dangling": "nowhere",
    "through": "link/a.sql",
    "dags/loop": "../dags",
}


@pytest.fixture
def tree(repo: Path, commit: Commit) -> Path:
    """A repository with files, folders and links of all kinds; `v1` is its commit, and the work tree is at it."""
    for name in FILES:
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / "dags/run.sh").touch(mode=0o755)
    for name, target in LINKS.items():
        (repo / name).symlink_to(target)
    (repo.parent / "outside").write_text("secret")
    commit(repo, FILES)
    subprocess.run(["git", "-C", str(repo), "tag", "v1"], check=True)
    return repo


@pytest.fixture
def history(tree: Path) -> Iterator[History]:
    with History(tree) as opened:
        yield opened


@pytest.fixture(params=["v1", "@worktree"])
def top(request: pytest.FixtureRequest, history: History) -> RefPath:
    return history.path(request.param)


NAMES = [*FILES, *LINKS, "", "dags", "dags/sql", "nothing", "README/x", "link/a.sql", "dags/here/etl.py", "dags/up/x"]
NAMES += [
    "dags/..",
    "dags/../README",
    "link/../etl.py",
    "nothing/../README",
    "README/../dags.md",
    "dags/here/here/here",
]
NAMES += ["dags/loop/loop/sql/b.sql", "dags//sql/./a.sql", ".hidden"]


@pytest.mark.parametrize("name", NAMES)
def test_a_path_says_what_pathlib_says_of_the_file_on_disk(top: RefPath, tree: Path, name: str) -> None:
    found, real = top / name, tree / name
    is_out = name in ("out", "absolute")
    assert found.exists() is (real.exists() and not is_out)
    assert found.is_file() is (real.is_file() and not is_out)
    assert found.is_dir() is real.is_dir()
    assert found.is_symlink() is real.is_symlink()
    assert found.name == PurePosixPath(name).name
    if found.is_file():
        assert found.read_bytes() == real.read_bytes()
        assert found.read_text() == real.read_text()
        assert found.stat().st_size == real.stat().st_size
        assert stat.S_IFMT(found.stat().st_mode) == stat.S_IFREG
        assert found.stat().st_mode & 0o100 == real.stat().st_mode & 0o100
    if found.is_dir():
        assert [path.name for path in found.iterdir()] == sorted(set(os.listdir(real)) - {".git"})
        assert stat.S_ISDIR(found.stat().st_mode)
    if real.is_symlink():
        assert str(found.readlink()) == os.readlink(real)
        assert found.lstat().st_size == real.lstat().st_size
        assert stat.S_ISLNK(found.lstat().st_mode)


PATTERNS = ["*", "*.py", "*/*.py", "**/*.py", "**", "dags/**", "dags/sql/[ab].sql", "link/*", "d?gs/*", "**/sql/*.sql"]
PATTERNS += ["README", "nothing", "nothing/*", "README/*", "**/*", "*/", "**/here/*", ".*/*"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_finds_what_pathlib_finds(top: RefPath, tree: Path, pattern: str) -> None:
    real = {path.relative_to(tree).as_posix() for path in tree.glob(pattern)}
    if pattern.endswith("**"):
        # As pathlib from Python 3.13 on, which finds files here, too.
        real |= {path.relative_to(tree).as_posix() for path in tree.glob(pattern + "/*")}
    found = [path.as_posix() for path in top.glob(pattern)]
    assert sorted(found) == sorted(name for name in real if not name.startswith(".git"))
    assert [path.name for path in top.glob("dangling")] == ["dangling"]
    assert [path.as_posix() for path in top.rglob("*.sql")] == ["dags/sql/a.sql", "dags/sql/b.sql"]


def test_a_path_has_the_parts_of_a_pure_path(history: History) -> None:
    found, pure = history.path("v1", "dags/sql/a.tar.gz"), PurePosixPath("dags/sql/a.tar.gz")
    for name in ("name", "stem", "suffix", "suffixes", "parts"):
        assert getattr(found, name) == getattr(pure, name)
    assert found.as_posix() == str(pure)
    assert found.parent == history.path("v1") / "dags" / "sql" == found.with_name("x").parent
    assert [path.as_posix() for path in found.parents] == ["dags/sql", "dags", "."]
    assert found.with_suffix(".zip").name == "a.tar.zip"
    assert found.match("*.gz")
    assert found.relative_to(history.path("v1", "dags")) == PurePosixPath("sql/a.tar.gz") == found.relative_to("dags")
    assert found.is_relative_to("dags")
    assert not found.is_relative_to(history.path("v1", "dags.md"))
    assert str(found) == "v1:dags/sql/a.tar.gz"
    assert str(history.path("v1")) == "v1:"
    assert repr(found) == "RefPath('v1', 'dags/sql/a.tar.gz')"
    assert found.ref == "v1"


def test_paths_are_equal_if_commit_and_path_are(history: History, tree: Path, commit: Commit) -> None:
    assert history.path("v1", "dags") == history.path("v1") / "dags"
    assert len({history.path("v1", "dags"), history.path("HEAD", "dags")}) == 1
    assert history.path("v1", "dags") != history.path("v1^", "dags")
    assert history.path("v1", "dags") != "dags"
    assert sorted([history.path("v1", "b"), history.path("v1", "a")])[0].name == "a"


def test_a_path_stays_at_the_commit_it_was_made_for(history: History, tree: Path, commit: Commit) -> None:
    path = history.path("main", "README")
    commit(tree, {"README": "changed"})
    assert path.read_text() == "read me\n"
    assert history.path("main", "README").read_text() == "changed"


def test_there_is_no_file_on_disk_to_take_it_for(history: History) -> None:
    with pytest.raises(TypeError):
        os.fspath(history.path("v1", "README"))  # type: ignore[call-overload]


def test_open_gives_bytes_and_text(history: History) -> None:
    with history.open("v1", "dags/sql/a.sql") as file:
        assert isinstance(file, io.BytesIO)
        assert file.name == "v1:dags/sql/a.sql"
        assert (file.read(3), file.seek(-2, 2), file.read()) == (b"sel", 8, b"\r\n")
        assert not file.writable()
    with history.open("v1", "dags/sql/a.sql", "r") as file:
        assert file.read() == "select 1\n"
    with history.open("v1", "dags/sql/b.sql", "r", encoding="latin-1") as file:
        assert file.read() == "select 'Ã¼'\n"
    with (history.path("v1") / "dags/sql/a.sql").open(newline="") as file:
        assert list(file) == ["select 1\r\n"]


@pytest.mark.parametrize("mode", ["w", "wb", "a", "x", "r+", "rb+", "w+b"])
def test_a_mode_that_writes_is_refused(history: History, mode: str) -> None:
    for name in ("README", "new"):
        with pytest.raises(
            ReadOnlyError, match=rf"^mode '.*' for 'v1:{name}' is refused: refs are read, never written$"
        ):
            history.open("v1", name, mode)


@pytest.mark.parametrize("mode", ["", "b", "rr", "U", "rbt"])
def test_a_mode_that_is_none_is_refused(history: History, mode: str) -> None:
    with pytest.raises(SettingsError, match=r"is no mode of a file"):
        history.open("v1", "README", mode)


def test_whatever_writes_is_refused(top: RefPath, tree: Path) -> None:
    path = top / "README"
    for name in ("write_text", "write_bytes", "unlink", "mkdir", "touch", "rename", "replace", "rmdir", "chmod"):
        with pytest.raises(
            ReadOnlyError, match=r"^writing at '.*:README' is refused: refs are read, never written$"
        ) as e:
            getattr(path, name)("x")
        assert isinstance(e.value, OSError)
        assert isinstance(e.value, DagserialError)
    with path.open("rb") as file, pytest.raises(ReadOnlyError):
        file.write(b"x")
    with path.open("r") as text, pytest.raises(io.UnsupportedOperation):
        text.write("x")
    assert (tree / "README").read_text() == "read me\n"


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nothing", PathNotFoundError, "^there is nothing at 'v1:nothing'$"),
        ("/README", PathNotFoundError, "^there is nothing at 'v1:/README'$"),
        ("../outside", PathNotFoundError, "^there is nothing at "),
        ("a\0b", PathNotFoundError, "^there is nothing at "),
        ("\ud800", PathNotFoundError, "^there is nothing at "),
        (".git/config", PathNotFoundError, "^there is nothing at "),
        ("out", PathNotFoundError, "^'v1:out' is a link to nothing, out of the tree, or in a circle$"),
        ("absolute", PathNotFoundError, "^'v1:absolute' is a link to nothing"),
        ("round", PathNotFoundError, "^'v1:round' is a link to nothing"),
        ("dags", FolderError, "^'v1:dags' is a folder, no file$"),
        ("", FolderError, "^'v1:' is a folder, no file$"),
    ],
)
def test_what_cannot_be_read_is_said(history: History, name: str, error: type[Exception], message: str) -> None:
    for ref in ("v1", "@worktree"):
        with pytest.raises(error, match=message.replace("v1", ref)):
            history.open(ref, name)
    with pytest.raises((PathNotFoundError, FolderError)) as caught:
        history.path("v1", name).read_text()
    assert isinstance(caught.value, OSError)


def test_a_file_is_no_folder(top: RefPath) -> None:
    for ask in (lambda: list((top / "README").iterdir()), lambda: (top / "README").statuses()):
        with pytest.raises(NoFolderError, match=r"README' is a file, no folder$"):
            ask()
    with pytest.raises(PathNotFoundError):
        list((top / "nothing").iterdir())
    with pytest.raises(PathNotFoundError):
        (top / "nothing").lstat()
    with pytest.raises(PathNotFoundError, match=r"there is no link at"):
        (top / "README").readlink()


@pytest.mark.parametrize("pattern", ["", "/x", "."])
def test_a_pattern_that_is_none_is_refused(history: History, pattern: str) -> None:
    with pytest.raises(SettingsError, match=r"is no pattern of paths below a folder$"):
        history.path("v1").glob(pattern)


def test_statuses_are_those_of_each(top: RefPath) -> None:
    for folder in (top, top / "dags"):
        found = folder.statuses()
        assert [path for path, _ in found] == list(folder.iterdir())
        assert all(status == (path.stat() if path.exists() else path.lstat()) for path, status in found)


def test_lfs_pointers_are_told(history: History, tree: Path, commit: Commit) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    commit(tree, {"big.csv": pointer, "long.csv": pointer + b"x" * 1024, "late.csv": b"\n" + pointer})
    top = history.path("HEAD")
    assert (top / "big.csv").is_lfs_pointer()
    assert (top / "big.csv").read_bytes() == pointer
    assert [path.name for path in top.iterdir() if path.is_lfs_pointer()] == ["big.csv"]


def test_a_submodule_is_an_empty_folder_that_is_told(
    history: History, tree: Path, tmp_path: Path, git: Git, commit: Commit
) -> None:
    git(tmp_path, "clone", "--quiet", str(tree), "inner")
    git(tree, "submodule", "--quiet", "add", str(tmp_path / "inner"), "vendor/inner")
    (tree / "vendor/here").symlink_to("inner")
    commit(tree, {})
    git(tree, "clone", "--quiet", str(tmp_path / "inner"), "untracked")
    for ref in ("HEAD", "@worktree"):
        module = history.path(ref, "vendor/inner")
        assert (module.is_submodule(), module.is_dir(), module.exists(), list(module.iterdir())) == (
            True,
            True,
            True,
            [],
        )
        assert not (module / "README").exists()
        assert not module.parent.is_submodule()
        assert history.path(ref, "vendor/here").is_dir()
        with pytest.raises(FolderError, match=r"is a submodule, no file$"):
            module.read_bytes()
    assert history.path("HEAD", "vendor/inner").stat().id == git(tmp_path / "inner", "rev-parse", "HEAD")
    assert history.path("@worktree", "untracked").is_submodule()


def test_a_submodule_of_itself_ends(history: History, tree: Path, git: Git) -> None:
    head = git(tree, "rev-parse", "HEAD")
    git(tree, "update-index", "--add", "--cacheinfo", f"160000,{head},self/self")
    id_ = git(tree, "commit-tree", "-p", "HEAD", "-m", "loop", git(tree, "write-tree"))
    assert [path.as_posix() for path in history.path(id_, "self").rglob("*")] == ["self/self"]


HOSTILE = [
    b"line\nbreak.py",
    b'"quoted".py',
    b"tab\there",
    b"back\\slash",
    b"\xff\xfe.py",
    b" ",
    b"-x",
    b"*.py",
    b"a:b",
]


@pytest.mark.parametrize("ref", ["HEAD", "@worktree"])
def test_names_may_hold_anything_that_git_lets_in(history: History, tree: Path, git: Git, ref: str) -> None:
    folder = tree / "odd"
    folder.mkdir()
    for name in HOSTILE:
        (folder / os.fsdecode(name)).write_bytes(name)
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "names")
    found = {
        path.name.encode("utf-8", "surrogateescape"): path.read_bytes() for path in history.path(ref, "odd").iterdir()
    }
    assert found == {name: name for name in HOSTILE}
    assert history.open(ref, "odd/\udcff\udcfe.py").read() == b"\xff\xfe.py"
    assert history.open(ref, "odd/line\nbreak.py").read() == b"line\nbreak.py"


def test_unsafe_names_are_not_there(history: History, tree: Path, git: Git, commit_tree: Commit) -> None:
    blob = git(tree, "hash-object", "-w", "--stdin", stdin=b"evil")
    inner = b"100644 x\0" + bytes.fromhex(blob)
    names = [b"..", b".git", b".GIT", b".", b"a/b", b"/etc"]
    id_ = commit_tree(tree, *(("40000", name, inner) for name in names), ("100644", b"good", b"good"))
    top = history.path(id_)
    assert [path.as_posix() for path in top.rglob("*")] == ["good"]
    assert not any((top / os.fsdecode(name) / "x").exists() for name in names)


def test_modes_that_git_does_not_write_are_read_as_git_does(history: History, tree: Path, commit_tree: Commit) -> None:
    id_ = commit_tree(
        tree, ("100664", b"a", b"a"), ("100700", b"b", b"b"), ("120777", b"c", b"a"), ("100644", b"a", b"2")
    )
    top = history.path(id_)
    assert [(path.name, path.stat().st_mode, path.read_bytes()) for path in top.iterdir()] == [
        ("a", 0o100644, b"a"),
        ("b", 0o100755, b"b"),
        ("c", 0o100644, b"a"),
    ]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_random_trees_are_as_on_disk(history: History, tree: Path, git: Git, data: st.DataObject) -> None:
    part = st.sampled_from(["a", "b", "c", ".."])
    paths = st.lists(part, min_size=1, max_size=4).map("/".join)
    root = tree.parent / "laid"
    subprocess.run(["rm", "-rf", str(root)], check=True)
    root.mkdir()
    lines = b""
    blob = git(tree, "hash-object", "-w", "--stdin", stdin=b"file")
    for place in data.draw(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), max_size=8)):
        path = root.joinpath(*place)
        parents = list(path.relative_to(root).parents)[:-1]
        if os.path.lexists(path) or any(
            (os.path.lexists(root / p) and not (root / p).is_dir()) or (root / p).is_symlink() for p in parents
        ):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.relative_to(root).as_posix()
        if data.draw(st.booleans()):
            target = data.draw(paths)
            path.symlink_to(target)
            id_ = git(tree, "hash-object", "-w", "--stdin", stdin=target.encode())
            lines += f"120000 {id_}\t{name}\0".encode()
        else:
            path.write_text("file")
            lines += f"100644 {blob}\t{name}\0".encode()
    (tree / ".git/index").unlink(missing_ok=True)
    git(tree, "update-index", "-z", "--index-info", stdin=lines)
    top = history.path(git(tree, "commit-tree", "-m", "random", git(tree, "write-tree")))
    for name in [*data.draw(st.lists(paths, max_size=10)), *(p.relative_to(root).as_posix() for p in root.rglob("*"))]:
        real, found = root / name, top / name
        inside = real.exists() and real.resolve().is_relative_to(root) and _never_leaves(root, name)
        assert found.is_file() is (inside and real.is_file()), name
        if inside:
            assert found.exists() is True, name
            assert found.is_dir() is real.is_dir(), name


def _never_leaves(root: Path, name: str) -> bool:
    """Tell whether no step on the way to a file lies outside, as the kernel takes them."""
    at, ahead = root, name.split("/")[::-1]
    for _ in range(200):
        if not ahead:
            return True
        step = ahead.pop()
        at = at.parent if step == ".." else at / step
        if not at.is_relative_to(root):
            return False
        if at.is_symlink():
            ahead += os.readlink(at).split("/")[::-1]
            at = at.parent
    return False


def test_a_large_blob_is_not_loaded_to_list_or_stat(tree: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(tree / "large.bin", "wb") as file:
        file.truncate(200_000_000)
    git(tree, "-c", "core.compression=0", "-c", "core.bigFileThreshold=1m", "add", "large.bin")
    git(tree, "commit", "--quiet", "--message", "large")
    loaded: list[int] = []
    content = Objects._content

    def watched(self: Objects, id_: bytes, path: bytes, kind: bytes) -> tuple[bytes, bytes]:
        found = content(self, id_, path, kind)
        loaded.append(len(found[1]))
        return found

    monkeypatch.setattr(Objects, "_content", watched)
    with History(tree) as history:
        top = history.path("HEAD")
        assert {path.name: status.st_size for path, status in top.statuses()}["large.bin"] == 200_000_000
        assert (top / "large.bin").stat().st_size == 200_000_000
        assert not (top / "large.bin").is_lfs_pointer()
        assert [path.name for path in top.glob("*.bin")] == ["large.bin"]
        assert max(loaded) < 10_000
        assert len((top / "large.bin").read_bytes()) == 200_000_000


def test_one_folder_of_100_000_files_is_listed_without_the_others(
    tree: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = git(tree, "hash-object", "-w", "--stdin", stdin=b"x")
    lines = "".join(f"100644 {blob}\tf{number // 1000:02}/{number:06}.py\n" for number in range(100_000))
    git(tree, "read-tree", "--empty")
    git(tree, "update-index", "--index-info", stdin=lines.encode())
    id_ = git(tree, "commit-tree", "-m", "many", git(tree, "write-tree"))
    asked: list[bytes] = []
    content = Objects._content

    def watched(self: Objects, id_: bytes, path: bytes, kind: bytes) -> tuple[bytes, bytes]:
        asked.append(id_)
        return content(self, id_, path, kind)

    monkeypatch.setattr(Objects, "_content", watched)
    with History(tree) as history:
        top = history.path(id_)
        assert len(list((top / "f42").iterdir())) == 1000
        assert len(list(top.glob("f07/*5.py"))) == 100
        assert len(asked) == 3
        assert len((top / "f42").statuses()) == 1000
        assert sum(1 for _ in top.rglob("*.py")) == 100_000


def test_refs_that_are_options_are_refused(history: History) -> None:
    with pytest.raises(SettingsError, match=r"^'--upload-pack=x' is refused as a ref"):
        history.open("--upload-pack=x", "README")
    with pytest.raises(NotFoundError):
        history.open("v2", "README")


def test_every_way_to_name_a_commit_will_do(history: History, tree: Path, git: Git, commit: Commit) -> None:
    git(tree, "tag", "--annotate", "--message", "x", "annotated")
    git(tree, "branch", "feature/x")
    git(tree, "update-ref", "refs/heads/--upload-pack=x", "HEAD")
    git(tree, "checkout", "--quiet", "--detach")
    commit(tree, {"README": "detached"})
    for ref in (
        "annotated",
        "feature/x",
        "HEAD~1",
        "main",
        git(tree, "rev-parse", "--short", "v1"),
        "refs/heads/--upload-pack=x",
    ):
        assert history.open(ref, "README").read() == b"read me\n"
    assert history.open("HEAD", "README").read() == b"detached"
    assert history.refs() == ["--upload-pack=x", "annotated", "feature/x", "main", "v1"]


def test_every_kind_of_repository_will_do(tree: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(tree), "bare")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tree}", "shallow")
    git(tree, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"), "v1")
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(tree), "sparse")
    git(tmp_path / "sparse", "sparse-checkout", "set", "dags")
    git(tmp_path / "sparse", "checkout", "--quiet")
    assert not (tmp_path / "sparse/.hidden").exists()
    for name in ("bare", "shallow", "linked", "sparse"):
        with History(tmp_path / name) as history:
            assert history.open("HEAD", "dags/sql/a.sql").read() == b"select 1\r\n"
            assert len(list(history.path("HEAD").rglob("*"))) == len(FILES) + len(LINKS) + 3
    with History(tmp_path / "sparse") as history:
        assert not history.path("@worktree", ".hidden").exists()
        assert history.path("@worktree", "dags/etl.py").read_text() == "second\n"
    with History(tmp_path / "bare") as history, pytest.raises(RepositoryError, match=r"has no work tree"):
        history.path("@worktree")
    with History(tmp_path / "shallow") as history, pytest.raises(NotFoundError, match=r"git fetch --unshallow"):
        history.path("HEAD~1")


def test_sha256_repositories_are_read(tmp_path: Path, git: Git, commit: Commit) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "wide")
    commit(tmp_path / "wide", {"dags/a.py": "a"})
    with History(tmp_path / "wide") as history:
        (found,) = history.path("HEAD").rglob("*.py")
        assert (found.read_text(), len(found.stat().id or "")) == ("a", 64)


def test_a_partial_clone_lists_and_says_how_to_get_the_rest(tree: Path, tmp_path: Path, git: Git) -> None:
    git(tree, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{tree}", "partial")
    before = git(tmp_path / "partial", "count-objects", "-v")
    with History(tmp_path / "partial") as history:
        path = history.path("HEAD", "dags/sql/a.sql")
        assert [child.name for child in path.parent.iterdir()] == ["a.sql", "b.sql"]
        assert path.stat().st_size is None
        assert path.is_file()
        with pytest.raises(RepositoryError, match=r"run `git fetch --refetch --no-filter` first$"):
            path.read_bytes()
        assert git(tmp_path / "partial", "count-objects", "-v") == before
        git(tmp_path / "partial", "fetch", "--quiet", "--refetch", "--no-filter")
        assert path.read_bytes() == b"select 1\r\n"


def test_the_work_tree_is_what_git_sees(history: History, tree: Path, git: Git) -> None:
    (tree / ".git/info/exclude").write_text("*.log\nignored/\n")
    for name in ("new.py", "x.log", "ignored/y.py", "fresh/z.py", ".env"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(name)
    (tree / "README").unlink()
    (tree / "dags.md").unlink()
    os.mkfifo(tree / "dags.md")
    (tree / "empty").mkdir()
    top = history.path("@worktree")
    names = [path.as_posix() for path in top.iterdir()]
    assert {"new.py", "fresh", ".env", "dags"} <= set(names)
    assert not {"x.log", "ignored", "README", "dags.md", "empty", ".git"} & set(names)
    assert (top / "fresh/z.py").read_text() == "fresh/z.py"
    for name in ("x.log", "ignored/y.py", "README", "dags.md", ".git/config", "empty"):
        assert not (top / name).exists()
        with pytest.raises(PathNotFoundError):
            (top / name).read_bytes()
    assert (top / "new.py").stat().id is None


def test_the_work_tree_is_read_from_a_folder_in_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "dags")
    for folder in (".", tree / "dags/sql"):
        with History(folder) as history:
            assert history.open("@worktree", "README").read() == b"read me\n"


def test_links_on_disk_do_not_lead_out_however_they_came(history: History, tree: Path, tmp_path: Path) -> None:
    top = history.path("@worktree")
    (tmp_path / "elsewhere/sql").mkdir(parents=True)
    (tmp_path / "elsewhere/sql/a.sql").write_text("secret")
    assert (top / "dags/sql/a.sql").is_file()
    subprocess.run(["mv", str(tree / "dags"), str(tmp_path / "moved")], check=True)
    (tree / "dags").symlink_to(tmp_path / "elsewhere")
    assert not (top / "dags/sql/a.sql").exists()
    with pytest.raises(PathNotFoundError):
        (top / "dags/sql/a.sql").read_bytes()
    node = top._contents.node(b"dags.md")
    assert node
    with pytest.raises(PathNotFoundError, match=r"^'dags/sql/a.sql' is gone from the work tree$"):
        top._contents.content(b"dags/sql/a.sql", node)


def test_a_file_that_becomes_a_pipe_is_not_waited_for(history: History, tree: Path) -> None:
    top = history.path("@worktree")
    node = top._contents.node(b"dags.md")
    assert node
    (tree / "dags.md").unlink()
    os.mkfifo(tree / "dags.md")
    with pytest.raises(PathNotFoundError, match=r"^'dags.md' is gone from the work tree$"):
        top._contents.content(b"dags.md", node)


def test_a_file_that_may_not_be_read_is_said(history: History, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    path = history.path("@worktree", "README")
    assert path.exists()
    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(RepositoryError, match=r"^'README' cannot be read: Permission denied$"):
        path.read_bytes()
