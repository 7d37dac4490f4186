"""Going on from one commit to another in the same private folder."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagserial.history.objects import Objects
from dagserial.history.repository import Repository
from dagserial.history.tree import LARGEST, PrivateTree, materialise

from .fast_import import LINK, Files, imported
from .test_tree import contents

_PATHS = st.lists(st.sampled_from(["a", "b", "b.c", "x.py"]), min_size=1, max_size=3).map("/".join)
_CONTENTS = st.one_of(
    st.sampled_from([b"one", b"two", b""]),
    st.tuples(st.just(LINK), st.sampled_from([b"a", b"../b", b"x.py", b"/etc", b"b/a", b"../../a"])),
)


def _possible(files: Files) -> Files:
    """Return the files without those that lie in what is a file itself."""
    return {
        path: content
        for path, content in files.items()
        if not any(path.startswith(f"{other}/") for other in files if other != path)
    }


TREES = st.dictionaries(_PATHS, _CONTENTS, max_size=6).map(_possible)


def check_moves(repo: Path, commits: list[str]) -> None:
    """Go from commit to commit, and compare with what each is by itself."""
    with (
        closing(Repository(repo)) as repository,
        Objects(repository) as objects,
        PrivateTree(repository, objects) as tree,
    ):
        for commit in commits:
            found = tree.moved(objects.tree(commit))
            with materialise(repository, commit) as alone:
                assert contents(found.root) == contents(alone.root)
                assert found.left_out == alone.left_out


def test_going_on_to_another_commit_gives_what_it_is_by_itself(tmp_path: Path) -> None:
    commits = imported(
        tmp_path / "repo",
        [
            {"a.py": b"1", "b/c.py": b"2", "b/d/e.sql": b"3", "f": b"x"},
            {"a.py": b"2", "b/c.py": b"2", "f": b"x"},
            {"a.py/x.py": b"a folder", "b": b"now a file"},
            {"b": b"now a file", "l.py": (LINK, b"b"), "out.py": (LINK, b"/etc"), "big.py": b"x" * (LARGEST + 1)},
            {"l.py": b"a file", "out.py": (LINK, b"l.py"), "big.py": b"small"},
            {},
        ],
    )
    check_moves(tmp_path / "repo", [*commits, *reversed(commits), commits[0], commits[3], commits[0]])


@given(st.lists(TREES, min_size=2, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_tree_after_any_other_is_what_it_is_by_itself(tmp_path: Path, trees: list[Files]) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        check_moves(Path(folder), imported(Path(folder), trees))


def test_after_being_told_to_forget_the_tree_is_laid_out_anew(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    first, second = imported(repo, [{"a": b"1", "b": b"2"}, {"a": b"1", "b": b"3"}])
    with (
        closing(Repository(repo)) as repository,
        Objects(repository) as objects,
        PrivateTree(repository, objects) as tree,
    ):
        found = tree.moved(objects.tree(first))
        (found.root / "a").write_bytes(b"spoilt")
        tree.forget()
        assert contents(tree.moved(objects.tree(second)).root) == {"a": b"1", "b": b"3"}
