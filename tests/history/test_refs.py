"""Resolving refs: what they may be, and what to do about those that name nothing."""

import hashlib
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dagserial.errors import NotFoundError, RepositoryError, SettingsError
from dagserial.history import WORKTREE, History

Git = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def history(repo: Path, commit: Commit, git: Git) -> History:
    """The history of four commits on `main`; `v1` is a tag on the second, `topic` branches off there."""
    commit(repo, {"dags/etl.py": "second\n"}, "second")
    git(repo, "tag", "--annotate", "--message", "v1", "v1")
    git(repo, "branch", "topic")
    git(repo, "branch", "feature/one")
    for message in ("third", "fourth"):
        commit(repo, {"dags/etl.py": message}, message)
    with closing(History(repo)) as opened:
        return opened


@pytest.fixture
def shallow(history: History, tmp_path: Path, git: Git) -> Path:
    """A clone of the last commit of `main` alone."""
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{history.root}", "shallow")
    return tmp_path / "shallow"


def run_told(error: Exception, folder: Path, git: Git, which: int = 0) -> None:
    """Run the command that a message tells."""
    words = re.findall(r"`git ([^`]+)`", str(error))[which].split()
    git(folder, *words)


@pytest.mark.parametrize(
    "ref",
    [
        "HEAD",
        "@",
        "main",
        "refs/heads/main",
        "HEAD~2",
        "v1",
        "v1^{}",
        "v1^{tag}",
        "main^^",
        "HEAD^{/second}",
        ":/second",
        "main@{0}",
        "feature/one",
    ],
)
def test_a_ref_is_what_rev_parse_takes(history: History, git: Git, ref: str) -> None:
    expected = git(history.root, "rev-parse", ref if ref.startswith(":/") else ref + "^{commit}")
    assert history.commit(ref) == expected
    assert re.fullmatch("[0-9a-f]{40}", expected)


def test_a_commit_is_named_by_its_id_or_the_start_of_it(history: History, git: Git) -> None:
    head = git(history.root, "rev-parse", "HEAD")
    assert history.commit(head) == history.commit(head[:12]) == history.commit(head.upper()) == head


def test_a_detached_head_resolves(history: History, git: Git) -> None:
    git(history.root, "checkout", "--quiet", "--detach", "v1")
    assert history.commit("HEAD") == git(history.root, "rev-parse", "v1^{commit}")


def test_packed_refs_and_objects_resolve(history: History, git: Git) -> None:
    before = history.commit("topic")
    git(history.root, "gc", "--quiet")
    assert not (history.root / ".git/refs/heads/topic").exists()
    assert history.commit("topic") == before


def test_the_work_tree_is_no_commit(history: History) -> None:
    assert history.commit(WORKTREE) is None


def test_commits_of_a_sha256_repository_have_64_digits(tmp_path: Path, git: Git, commit: Commit) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "wide")
    head = commit(tmp_path / "wide", {"dags/etl.py": "x"})
    with History(tmp_path / "wide") as history:
        assert history.commit("HEAD") == history.merge_base("HEAD", "HEAD") == head
        assert len(head) == 64


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("", "a ref is missing: it is the empty string"),
        ("-x", "'-x' is refused as a ref: a ref does not start with '-'"),
        ("--upload-pack=x", "'--upload-pack=x' is refused as a ref: a ref does not start with '-'"),
        ("--all", "'--all' is refused as a ref: a ref does not start with '-'"),
        ("a\0b", r"'a\x00b' is refused as a ref: a ref holds neither NUL nor a line break"),
        ("main\n--all", r"'main\n--all' is refused as a ref: a ref holds neither NUL nor a line break"),
        ("\ud800", r"'\ud800' is refused as a ref: it is no text that a file name could hold"),
    ],
)
def test_what_can_be_no_ref_is_refused_before_git_sees_it(
    history: History, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ref: str, why: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        history.commit(ref)
    assert str(caught.value) == why
    with pytest.raises(SettingsError):
        history.merge_base(ref, "HEAD")


def test_a_branch_that_looks_like_an_option_is_reached_in_full(history: History, git: Git) -> None:
    git(history.root, "update-ref", "refs/heads/--all", "v1^{commit}")
    assert history.commit("refs/heads/--all") == git(history.root, "rev-parse", "v1^{commit}")


@pytest.mark.parametrize(
    "ref",
    [
        "^main",
        "HEAD:dags",
        "HEAD:dags/etl.py",
        ":dags/etl.py",
        "HEAD~99",
        "1" * 40,
        ":/no such message",
    ],
)
def test_what_names_no_commit_does_not_exist(history: History, ref: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        history.commit(ref)
    assert str(caught.value) == f"ref {ref!r} does not exist in '{history.root}'"


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        ("mian", "; did you mean 'main'?"),
        ("main..topic", "; did you mean 'topic'?"),
        ("main topic", "; did you mean 'topic'?"),
        ("topik~3", "; did you mean 'topic'?"),
        ("one", "; did you mean 'feature/one'?"),
        ("main@{99}", " (log for 'main' only has 4 entries)"),
        ("main@{upstream}", " (no upstream configured for branch 'main')"),
        ("totally-else", ""),
    ],
)
def test_an_unknown_ref_is_told_what_it_may_have_been(history: History, ref: str, hint: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        history.commit(ref)
    assert str(caught.value) == f"ref {ref!r} does not exist in '{history.root}'{hint}"


def test_a_remote_branch_is_offered_for_a_branch_that_is_not_here(history: History, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", str(history.root), "clone")
    with History(tmp_path / "clone") as clone, pytest.raises(NotFoundError, match="; did you mean 'origin/topic'"):
        clone.commit("topic")


def test_a_name_that_is_branch_and_tag_is_not_called_an_ambiguous_id(history: History, git: Git) -> None:
    git(history.root, "branch", "v1")
    with pytest.raises(NotFoundError, match=r"^ref 'v1~99' does not exist in '[^']+'$"):
        history.commit("v1~99")


def test_an_ambiguous_id_asks_for_more_digits(history: History, git: Git) -> None:
    tree = git(history.root, "rev-parse", "HEAD^{tree}")
    seen: dict[str, bytes] = {}
    for number in range(10_000):
        person = "A <a@example.org> 1700000000 +0000"
        body = f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{number}\n".encode()
        prefix = hashlib.sha1(b"commit %d\0" % len(body) + body).hexdigest()[:4]
        if prefix in seen:
            break
        seen[prefix] = body
    for twin in (seen[prefix], body):
        git(history.root, "hash-object", "-t", "commit", "-w", "--stdin", stdin=twin)
    with pytest.raises(NotFoundError) as caught:
        history.commit(prefix)
    assert str(caught.value) == (
        f"ref '{prefix}' is ambiguous in '{history.root}': several commits start so; write more of its digits"
    )


def test_a_repository_without_a_commit_says_so(tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    with History(tmp_path / "empty") as history:
        for ref in ("HEAD", "main", "1" * 40):
            with pytest.raises(RepositoryError) as caught:
                history.commit(ref)
            assert str(caught.value) == f"'{tmp_path}/empty' has no commit yet"


def test_a_head_without_a_commit_says_so(history: History, git: Git) -> None:
    git(history.root, "checkout", "--quiet", "--orphan", "fresh")
    with pytest.raises(NotFoundError, match=r"^ref 'HEAD' does not exist in .*; HEAD is on a branch without a commit$"):
        history.commit("HEAD")
    assert history.commit("main")


def test_the_merge_base_is_where_two_refs_parted(history: History, git: Git, commit: Commit) -> None:
    git(history.root, "checkout", "--quiet", "topic")
    commit(history.root, {"dags/topic.py": "topic"})
    parted = git(history.root, "rev-parse", "v1^{commit}")
    assert history.merge_base("main", "topic") == history.merge_base("topic", "main") == parted
    assert history.merge_base("main", WORKTREE) == parted


def test_strangers_have_no_merge_base(history: History, git: Git, commit: Commit) -> None:
    git(history.root, "checkout", "--quiet", "--orphan", "strange")
    commit(history.root, {"else.py": "x"})
    with pytest.raises(NotFoundError) as caught:
        history.merge_base("main", "strange")
    assert str(caught.value) == f"'main' and 'strange' have no common ancestor in '{history.root}'"


def test_a_merge_base_needs_both_refs(history: History) -> None:
    with pytest.raises(NotFoundError, match=r"^ref 'nowhere' does not exist"):
        history.merge_base("main", "nowhere")


def test_a_history_with_a_hole_is_said(history: History, git: Git) -> None:
    parent = git(history.root, "rev-parse", "main~1")
    (history.root / ".git/objects" / parent[:2] / parent[2:]).unlink()
    with pytest.raises(RepositoryError, match=r"^git cannot read the history of "):
        history.merge_base("main", "topic")


def test_a_shallow_clone_tells_how_to_get_older_commits(shallow: Path, git: Git) -> None:
    with History(shallow) as history:
        for ref in ("HEAD~1", "main^", "origin/main~2"):
            with pytest.raises(NotFoundError) as caught:
                history.commit(ref)
            advice = "which is a shallow clone; run `git fetch --unshallow` first"
            assert str(caught.value) == f"ref '{ref}' does not exist in '{shallow}', {advice}"
        run_told(caught.value, shallow, git)
        assert history.commit("HEAD~1")


def test_a_shallow_clone_tells_how_to_get_a_commit_by_its_id(shallow: Path, history: History, git: Git) -> None:
    wanted = history.commit("v1")
    with History(shallow) as clone:
        with pytest.raises(NotFoundError) as caught:
            clone.commit(wanted)
        assert f"; run `git fetch origin {wanted}` first" in str(caught.value)
        run_told(caught.value, shallow, git)
        assert clone.commit(wanted) == wanted
        with pytest.raises(NotFoundError, match=r"run `git fetch --unshallow` first$"):
            clone.commit("abcdef12")


@pytest.mark.parametrize(("ref", "which"), [("v1", 0), ("topic", 1), ("feature/one", 1), ("origin/topic", 0)])
def test_a_shallow_clone_tells_how_to_get_branches_and_tags(
    shallow: Path, history: History, git: Git, ref: str, which: int
) -> None:
    with History(shallow) as clone:
        with pytest.raises(NotFoundError, match="which is a shallow clone; run `git fetch ") as caught:
            clone.commit(ref)
        run_told(caught.value, shallow, git, which)
        assert clone.commit(ref) == history.commit(ref.removeprefix("origin/"))


def test_a_shallow_clone_tells_how_to_get_the_merge_base(
    shallow: Path, history: History, tmp_path: Path, git: Git, commit: Commit
) -> None:
    git(history.root, "checkout", "--quiet", "topic")
    commit(history.root, {"dags/topic.py": "topic"})
    git(shallow, "fetch", "--quiet", "--depth=1", "origin", "topic:topic")
    with History(shallow) as clone:
        with pytest.raises(NotFoundError) as caught:
            clone.merge_base("main", "topic")
        assert str(caught.value) == (
            f"'main' and 'topic' have no common ancestor in '{shallow}', which is a shallow clone; "
            "run `git fetch --unshallow` first"
        )
        run_told(caught.value, shallow, git)
        assert clone.merge_base("main", "topic") == history.commit("v1")
