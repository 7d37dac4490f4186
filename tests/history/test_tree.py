"""Laying out the files of a commit: byte for byte, in a private folder, and nothing outside of it."""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dagserial.errors import RepositoryError
from dagserial.history import tree
from dagserial.history.repository import Repository
from dagserial.history.tree import materialise
from dagserial.sources.reading import FileError

Git = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def repository(repo: Path) -> Iterator[Repository]:
    with closing(Repository(repo)) as opened:
        yield opened


def contents(root: Path) -> dict[str, bytes | str | None]:
    """Return what lies below a folder: bytes of files, targets of links as text, None for folders that are empty."""
    found: dict[str, bytes | str | None] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[name] = None
    return found


def laid_out(repository: Repository, commit: str) -> dict[str, bytes | str | None]:
    with materialise(repository, commit) as found:
        assert found.left_out == ()
        return contents(found.root)


def test_a_tree_is_laid_out_byte_for_byte(repository: Repository, repo: Path, commit: Commit) -> None:
    files = {
        "dags/a.py": b"\r\nno line break at the end",
        "dags/empty.py": b"",
        "dags/same.py": b"twice",
        "dags/sub/deep/same.py": b"twice",
        "sql/\xe9 \xfc.sql": "ünï\n".encode(),
        "data.bin": bytes(range(256)) * 1000,
        "dags/etl.py": b"first\n",
    }
    assert laid_out(repository, commit(repo, files)) == files


def test_file_names_may_hold_anything_that_git_lets_in(repository: Repository, repo: Path, git: Git) -> None:
    names = [b"line\nbreak.py", b'"quoted".py', b"tab\there.py", b"back\\slash.py", b"\xff\xfe.py", b" .py", b"-x.py"]
    for name in names:
        Path(repo, os.fsdecode(name)).write_bytes(name)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "names")
    found = laid_out(repository, "HEAD")
    assert {os.fsencode(name): content for name, content in found.items() if "/" not in name} == {n: n for n in names}


def test_an_empty_commit_is_an_empty_folder(repository: Repository, commit_tree: Commit, repo: Path) -> None:
    assert laid_out(repository, commit_tree(repo)) == {}


def test_the_folder_is_private_and_goes_away(repository: Repository) -> None:
    with materialise(repository, "HEAD") as found:
        root = found.root
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
        assert root == root.resolve()
    assert not root.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_the_folder_goes_away_on_errors_too(repository: Repository, error: type[BaseException]) -> None:
    def fail(root: Path) -> None:
        roots.append(root)
        raise error

    roots: list[Path] = []
    with pytest.raises(error), materialise(repository, "HEAD") as found:
        fail(found.root)
    assert not roots[0].exists()


def test_attributes_do_not_change_what_is_laid_out(
    repository: Repository, repo: Path, tmp_path: Path, commit: Commit, git: Git
) -> None:
    marker = tmp_path / "filtered"
    for step in ("smudge", "clean", "process"):
        git(repo, "config", f"filter.evil.{step}", f"touch '{marker}'; cat")
    files = {
        "kept.py": b"export me\n",
        "dated.py": b"# $Format:%H$ $Id$\n",
        "lines.py": b"one\ntwo\n",
        "filtered.py": b"plain\n",
        "wide.py": "text".encode("utf-16"),
    }
    commit(repo, files)
    attributes = b"kept.py export-ignore\ndated.py export-subst ident\nlines.py text eol=crlf\n"
    commit(repo, {".gitattributes": attributes})
    (repo / ".git/info/attributes").write_bytes(
        b"filtered.py filter=evil\nwide.py diff=evil working-tree-encoding=UTF-16\n"
    )
    git(repo, "config", "core.autocrlf", "true")
    git(repo, "config", "diff.evil.textconv", f"touch '{marker}'; cat")
    marker.unlink(missing_ok=True)
    assert laid_out(repository, "HEAD") == {**files, ".gitattributes": attributes, "dags/etl.py": b"first\n"}
    assert not marker.exists()


def test_lfs_pointers_stay_pointers(repository: Repository, repo: Path, commit: Commit) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
    commit(repo, {".gitattributes": b"*.csv filter=lfs diff=lfs merge=lfs -text\n", "big.csv": pointer})
    assert laid_out(repository, "HEAD")["big.csv"] == pointer


def test_a_submodule_is_an_empty_folder(repository: Repository, repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", str(repo), "inner")
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "inner"), "vendor/inner")
    git(repo, "commit", "--quiet", "--message", "submodule")
    found = laid_out(repository, "HEAD")
    assert found["vendor/inner"] is None
    assert not any(name.startswith("vendor/inner/") for name in found)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("dags/link.py", "etl.py"),
        ("dags/link.py", "./../dags//etl.py"),
        ("link", "dags"),
        ("dags/up", ".."),
        ("dags/dangling", "../not/there.py"),
        ("dags/deep/er/link", "../../../dags/etl.py"),
    ],
)
def test_a_link_within_the_tree_is_a_link(repository: Repository, repo: Path, git: Git, path: str, target: str) -> None:
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).symlink_to(target)
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "link")
    assert laid_out(repository, "HEAD") == {"dags/etl.py": b"first\n", path: target}


@pytest.mark.parametrize(
    "links",
    [
        {"out.py": "/etc/passwd"},
        {"out.py": "../secret.py"},
        {"dags/out.py": "../../secret.py"},
        {"dags/out.py": "../dags/../../secret.py"},
        {"out.py": "dags/../.."},
        {"out.py": "no/where/../../../secret.py"},
        {"out.py": "a/secret.py", "a": "b", "b": "dags/../.."},
        {"out.py": "sub/deep/../secret.py", "sub/deep": "../dags/up", "dags/up": "../.."},
        {"out.py": "out.py"},
        {"out.py": "back.py", "back.py": "out.py"},
        {"out.py": "x/" * 2040 + "y" * 20},
    ],
)
def test_a_link_out_of_the_tree_is_left_out_and_told(
    repository: Repository, repo: Path, tmp_path: Path, git: Git, links: dict[str, str]
) -> None:
    (tmp_path / "secret.py").write_text("secret")
    for name, target in links.items():
        blob = git(repo, "hash-object", "-w", "--stdin", stdin=target.encode())
        git(repo, "update-index", "--add", "--cacheinfo", f"120000,{blob},{name}")
    git(repo, "commit", "--quiet", "--message", "links")
    with materialise(repository, "HEAD") as found:
        assert not any(path.is_symlink() for path in found.root.rglob("*.py"))
        assert {error.file for error in found.left_out} == {name for name in links if name.endswith(".py")}
        assert {error.error for error in found.left_out} == {"left out: its link leads out of the tree, or in a circle"}


def test_a_chain_of_forty_links_is_as_long_as_one_may_be(repository: Repository, repo: Path, git: Git) -> None:
    (repo / "0.py").write_text("end")
    for number in range(1, 42):
        (repo / f"{number}.py").symlink_to(f"{number - 1}.py")
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--message", "chain")
    with materialise(repository, "HEAD") as found:
        assert (found.root / "40.py").read_text() == "end"
        assert [error.file for error in found.left_out] == ["41.py"]


@pytest.mark.parametrize("target", [b"", b"nul\0.py"])
def test_a_link_that_can_be_none_is_left_out(
    repository: Repository, repo: Path, commit_tree: Commit, target: bytes
) -> None:
    commit = commit_tree(repo, ("120000", b"link.py", target))
    with materialise(repository, commit) as found:
        assert contents(found.root) == {}
        assert [error.file for error in found.left_out] == ["link.py"]


def test_a_file_over_16_mib_is_left_out(repository: Repository, repo: Path, commit: Commit) -> None:
    commit(
        repo,
        {"large.py": bytes(tree.LARGEST + 1), "large.bin": bytes(tree.LARGEST + 1), "full.py": bytes(tree.LARGEST)},
    )
    with materialise(repository, "HEAD") as found:
        assert set(contents(found.root)) == {"full.py", "dags/etl.py"}
        assert found.left_out == (FileError("large.py", None, "left out: it holds 16777217 bytes, more than 16777216"),)


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"."])
def test_an_unsafe_folder_name_is_left_out(
    repository: Repository, repo: Path, commit_tree: Commit, git: Git, name: bytes
) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"x")
    inner = b"100644 evil.py\0" + bytes.fromhex(blob)
    commit = commit_tree(repo, ("40000", name, inner), ("100644", b"good.py", b"good"))
    with materialise(repository, commit) as found:
        assert contents(found.root) == {"good.py": b"good"}
        assert found.left_out == (FileError(f"{name.decode()}/evil.py", None, "left out: its name is unsafe"),)


def test_an_absolute_name_is_left_out(repository: Repository, repo: Path, tmp_path: Path, commit_tree: Commit) -> None:
    target = tmp_path / "written.py"
    commit = commit_tree(repo, ("100644", os.fsencode(target), b"evil"))
    with materialise(repository, commit) as found:
        assert contents(found.root) == {}
        assert [error.file for error in found.left_out] == [str(target)]
    assert not target.exists()


def test_nothing_is_written_through_a_link_of_the_tree(
    repository: Repository, repo: Path, tmp_path: Path, commit_tree: Commit, git: Git
) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"evil")
    inner = b"100644 evil.py\0" + bytes.fromhex(blob)
    (tmp_path / "outside").mkdir()
    commit = commit_tree(
        repo,
        ("120000", b"a", os.fsencode(tmp_path / "outside")),
        ("40000", b"a", inner),
        ("120000", b"b", b"dags"),
        ("40000", b"b", inner),
        ("120000", b"c.py", b"b"),
        ("100644", b"c.py", b"file"),
    )
    with materialise(repository, commit) as found:
        assert contents(found.root) == {"b": "dags", "c.py": "b"}
        assert [error.file for error in found.left_out] == ["a/evil.py", "b/evil.py"]
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_name_that_is_file_and_folder_is_kept_once(
    repository: Repository, repo: Path, commit_tree: Commit, git: Git
) -> None:
    blob = git(repo, "hash-object", "-w", "--stdin", stdin=b"inner")
    inner = b"100644 inner.py\0" + bytes.fromhex(blob)
    commit = commit_tree(repo, ("100644", b"x.py", b"file"), ("40000", b"x.py", inner), ("160000", b"x.py", b""))
    with materialise(repository, commit) as found:
        assert len(contents(found.root)) == 1
        assert found.left_out
        assert all(error.error.startswith("left out: the file system refuses its name: ") for error in found.left_out)


def test_of_a_name_that_is_there_twice_the_first_counts(
    repository: Repository, repo: Path, commit_tree: Commit
) -> None:
    commit = commit_tree(repo, ("100644", b"x.py", b"one"), ("100644", b"x.py", b"two"))
    with materialise(repository, commit) as found:
        assert contents(found.root) == {"x.py": b"one"}


def test_a_name_that_the_file_system_cannot_hold_is_left_out(
    repository: Repository, repo: Path, commit_tree: Commit
) -> None:
    commit = commit_tree(repo, ("100644", b"n" * 300 + b".py", b"x"), ("100644", b"n" * 300, b"x"))
    with materialise(repository, commit) as found:
        assert contents(found.root) == {}
        assert [error.file for error in found.left_out] == ["n" * 300 + ".py"]


def test_files_too_deep_are_left_out(repository: Repository, repo: Path, commit: Commit) -> None:
    commit(repo, {"d/" * 100 + "kept.py": "x", "d/" * 101 + "deep.py": "x"})
    with materialise(repository, "HEAD") as found:
        assert "d/" * 100 + "kept.py" in contents(found.root)
        assert found.left_out == (
            FileError("d/" * 101 + "deep.py", None, "left out: it lies 101 folders deep, more than 100"),
        )


def test_what_is_left_out_is_named_in_print(repository: Repository, repo: Path, commit_tree: Commit) -> None:
    names = [b"\xff.py", b"a\nb.py", "ü\u202e.py".encode()]
    commit = commit_tree(repo, *(("120000", name, b"/") for name in names))
    with materialise(repository, commit) as found:
        assert {error.file for error in found.left_out} == {"\\xff.py", "a\\nb.py", "ü\\u202e.py"}


@pytest.mark.parametrize("name", ["dags/etl.py", "dags"])
def test_a_missing_object_is_said(repository: Repository, repo: Path, git: Git, name: str) -> None:
    id_ = git(repo, "rev-parse", f"HEAD:{name}")
    (repo / ".git/objects" / id_[:2] / id_[2:]).unlink()
    with pytest.raises(RepositoryError) as caught, materialise(repository, "HEAD"):
        pass
    assert id_ in str(caught.value) or name == "dags"
    assert "\n" not in str(caught.value)


def test_a_damaged_object_is_said(repository: Repository, repo: Path, git: Git) -> None:
    (repo / "noise").write_bytes(os.urandom(100_000))
    git(repo, "add", "noise")
    git(repo, "commit", "--quiet", "--message", "noise")
    id_ = git(repo, "rev-parse", "HEAD:noise")
    path = repo / ".git/objects" / id_[:2] / id_[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(RepositoryError, match=f"^git cannot read '.*': .*{id_}"), materialise(repository, "HEAD"):
        pass


def test_a_partial_clone_fetches_nothing_and_tells_how_to(repo: Path, tmp_path: Path, git: Git, commit: Commit) -> None:
    commit(repo, {f"dags/{number}.py": str(number) for number in range(30)})
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--bare", "--filter=blob:none", f"file://{repo}", "partial")
    before = git(tmp_path / "partial", "count-objects", "-v")
    with closing(Repository(tmp_path / "partial")) as repository:
        with pytest.raises(RepositoryError) as caught, materialise(repository, "HEAD"):
            pass
        assert str(caught.value) == (
            f"'{tmp_path}/partial' is a partial clone that lacks files of this commit, and dagserial fetches nothing; "
            "run `git fetch --refetch --no-filter` first"
        )
        assert git(tmp_path / "partial", "count-objects", "-v") == before
        git(tmp_path / "partial", "fetch", "--quiet", "--refetch", "--no-filter")
        assert len(laid_out(repository, "HEAD")) == 31


def test_a_full_disk_is_said(repository: Repository, private_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "makedirs", full)
    message = "^the files of tree [0-9a-f]{40} cannot be written: No space left on device$"
    with pytest.raises(RepositoryError, match=message), materialise(repository, "HEAD"):
        pass


def test_no_place_for_private_folders_is_said(repository: Repository, private_folders: Path) -> None:
    shutil.rmtree(private_folders)
    message = "^the files of tree [0-9a-f]{40} cannot be written: "
    with pytest.raises(RepositoryError, match=message), materialise(repository, "HEAD"):
        pass
    private_folders.mkdir()
