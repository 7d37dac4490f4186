"""Opening repositories: where they may be, and what is said of those that git will not read."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dagserial.errors import RepositoryError
from dagserial.history import History
from dagserial.history.repository import Repository, reason

Git = Callable[..., str]


def test_any_folder_of_a_work_tree_opens_the_repository(repo: Path) -> None:
    for folder in (repo, repo / "dags", repo / ".git", str(repo)):
        with History(folder) as history:
            assert history.root == repo


def test_a_bare_repository_has_no_root(repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    with History(tmp_path / "bare.git") as history:
        assert history.root is None
        assert history.commit("main") == git(repo, "rev-parse", "main")


def test_a_bare_repository_without_config_opens(repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    (tmp_path / "bare.git/config").unlink()
    with History(tmp_path / "bare.git") as history:
        assert history.root is None
        assert history.commit("HEAD") == git(repo, "rev-parse", "HEAD")


def test_a_linked_worktree_has_its_own_root_and_head(
    repo: Path, tmp_path: Path, git: Git, commit: Callable[..., str]
) -> None:
    git(repo, "worktree", "add", "--quiet", "-b", "topic", str(tmp_path / "linked"))
    topic = commit(tmp_path / "linked", {"dags/more.py": "more"})
    with History(tmp_path / "linked/dags") as history:
        assert history.root == tmp_path / "linked"
        assert history.commit("HEAD") == topic


def test_a_submodule_is_a_repository_of_its_own(repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "outer")
    git(tmp_path / "outer", "submodule", "--quiet", "add", str(repo), "inner")
    with History(tmp_path / "outer/inner/dags") as history:
        assert history.root == tmp_path / "outer/inner"
        assert history.commit("HEAD") == git(repo, "rev-parse", "HEAD")


def test_a_repository_reached_by_a_link_is_where_it_lies(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repo)
    with History(tmp_path / "link") as history:
        assert history.root == repo


def test_a_folder_name_with_a_line_break_opens(tmp_path: Path, git: Git) -> None:
    folder = tmp_path / "a\nb\n"
    folder.mkdir()
    git(folder, "init", "--quiet")
    with History(folder) as history:
        assert history.root == folder


def test_the_repository_stays_the_same_when_the_process_moves(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: Git
) -> None:
    monkeypatch.chdir(repo / "dags")
    with History() as history:
        monkeypatch.chdir(tmp_path)
        assert history.commit("HEAD") == git(repo, "rev-parse", "HEAD")


def test_a_folder_outside_of_any_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    with pytest.raises(RepositoryError) as caught:
        History(tmp_path / "plain")
    assert str(caught.value) == f"'{tmp_path}/plain' is no Git repository, nor does it lie in one"


@pytest.mark.parametrize("name", ["missing", "repo/dags/etl.py", "nul\0"])
def test_what_is_no_folder_is_refused(repo: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(RepositoryError) as caught:
        History(tmp_path / name)
    assert str(caught.value) == f"there is no folder {str(tmp_path / name)!r}"


def test_a_current_folder_that_was_removed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(RepositoryError, match=r"^there is no folder '\.'$"):
        History()


def test_a_repository_of_another_user_names_the_command_to_trust_it(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(RepositoryError) as caught:
        History(repo)
    assert str(caught.value) == (
        f"'{repo}' belongs to another user, so git does not trust it; "
        f"if you do, run `git config --global --add safe.directory {repo}`"
    )


def test_a_repository_of_another_user_is_read_once_trusted(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: Git
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(repo))
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with History(repo) as history:
        assert history.root == repo


def test_a_repository_of_a_newer_git_is_refused_in_gits_words(repo: Path, git: Git) -> None:
    git(repo, "config", "core.repositoryFormatVersion", "99")
    with pytest.raises(RepositoryError, match=r"^git cannot read '.*': .*99"):
        History(repo)


def test_a_missing_git_is_said_on_import(repo: Path, tmp_path: Path) -> None:
    code = (
        "from dagserial.errors import RepositoryError\n"
        "from dagserial.history import History\n"
        "try:\n    History('.')\nexcept RepositoryError as error:\n    print(error)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=repo,
        env={"PATH": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout == "git cannot be run: it is not installed, or not on PATH\n", finished.stderr


def test_a_git_that_goes_missing_is_said(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Repository(repo)) as repository:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(RepositoryError, match=r"^git cannot be run: it is not installed, or not on PATH$"):
            repository.run("version")
        with pytest.raises(RepositoryError, match=r"^git cannot be run: it is not installed, or not on PATH$"):
            repository.start("cat-file", "--batch")


def test_words_that_no_process_takes_are_said(repo: Path) -> None:
    with closing(Repository(repo)) as repository, pytest.raises(RepositoryError, match=r"^git cannot be run: .+"):
        repository.run("version", "x" * 10_000_000)


def test_variables_of_a_hook_do_not_change_a_named_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: Git
) -> None:
    git(tmp_path, "init", "--quiet", "other")
    head = git(repo, "rev-parse", "HEAD")
    for name in ("GIT_DIR", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE"):
        monkeypatch.setenv(name, str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_SHALLOW_FILE", str(tmp_path / "shallow"))
    with History(repo) as history:
        assert history.root == repo
        assert history.commit("HEAD") == head


def test_variables_of_a_hook_say_what_the_dot_stands_for(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, git: Git
) -> None:
    head = git(repo, "rev-parse", "HEAD")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", str(repo / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    with History(".") as history:
        assert history.root == tmp_path
        assert history.commit("HEAD") == head


def test_a_pre_receive_hook_reads_what_is_being_pushed(repo: Path, tmp_path: Path, git: Git) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "server.git")
    hook = tmp_path / "server.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\nread old new ref\nexport PYTHONPATH='{os.pathsep.join(sys.path)}'\n"
        f"exec '{sys.executable}' -c 'import sys; from dagserial.history import History\n"
        f'open("seen", "w").write(History().commit(sys.argv[1]))\' $new\n'
    )
    hook.chmod(0o755)
    git(repo, "push", "--quiet", str(tmp_path / "server.git"), "main")
    assert (tmp_path / "server.git/seen").read_text() == git(repo, "rev-parse", "main")


def test_the_reason_is_the_line_that_git_blames() -> None:
    assert reason("warning: a\nerror: b\nfatal: c\nhint: d\n") == "c"
    assert reason("hint: a\nerror: b\nhint: c") == "b"
    assert reason("env: git: not there\n\n") == "env: git: not there"
    assert reason("") == "git gives no reason"
