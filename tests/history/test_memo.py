"""What is remembered, for whom, and what is left when the memo's file is of no use."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dagserial.errors import SettingsError
from dagserial.history import WORKTREE, History, Memo
from dagserial.history.parser import parser_key
from dagserial.sources import files
from dagserial.sources.reading import ReadOptions, Reads

Commit = Callable[..., str]

ETL = """\
import os
from airflow import DAG
from airflow.models import Variable
dag = DAG("etl", description=os.environ.get("TEAM", "none") + Variable.get("source", "x"))
"""


@pytest.fixture
def repo(repo: Path, commit: Commit) -> Path:
    """A repository whose last commit has two DAGs."""
    commit(repo, {"dags/etl.py": ETL, "dags/other.py": ETL.replace('"etl"', '"other"')})
    return repo


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The DAG files that ran, as they run."""
    found: list[str] = []
    results = files.Runs.results

    def counted(self: files.Runs, root: Path, folders: list[str], names: list[str], *rest: object) -> object:
        found.extend(names)
        return results(self, root, folders, names, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(files.Runs, "results", counted)
    return found


def descriptions(repo: Path, folder: Path, ref: str = "HEAD", options: ReadOptions | None = None) -> list[object]:
    with Memo(folder) as memo, History(repo, memo=memo) as history:
        return [entry.record.dag().fields.description for entry in history.at(ref, options or ReadOptions()).entries]


def remembering(memo: Memo, *names: str) -> list[int]:
    reads = Reads(contents=("a",))
    return [
        memo.remember(b"key", name, (b"mark", reads), b"brief" + name.encode(), b"body" + name.encode())
        for name in names
    ]


def test_nothing_runs_for_a_commit_that_is_remembered(repo: Path, tmp_path: Path, ran: list[str]) -> None:
    first = descriptions(repo, tmp_path / "cache")
    assert sorted(ran) == ["dags/etl.py", "dags/other.py"]
    assert descriptions(repo, tmp_path / "cache") == first
    assert len(ran) == 2


def test_a_commit_has_run_what_it_changes_and_nothing_else(
    repo: Path, tmp_path: Path, ran: list[str], commit: Commit
) -> None:
    descriptions(repo, tmp_path / "cache")
    ran.clear()
    commit(repo, {"dags/etl.py": ETL.replace('"none"', '"new"'), "README": "text"})
    assert descriptions(repo, tmp_path / "cache") == ["newx", "nonex"]
    assert ran == ["dags/etl.py"]


def test_a_work_tree_is_remembered_with_the_commits(repo: Path, tmp_path: Path, ran: list[str]) -> None:
    descriptions(repo, tmp_path / "cache")
    ran.clear()
    assert descriptions(repo, tmp_path / "cache", WORKTREE) == ["nonex", "nonex"]
    assert ran == []


def test_a_file_edited_within_a_tick_with_an_old_time_is_read_anew(repo: Path, tmp_path: Path) -> None:
    path = repo / "dags/etl.py"
    for round_ in range(3):
        text = ETL.replace('"none"', f'"no{round_:02}"')
        path.write_text(text)
        os.utime(path, (10**9, 10**9))
        assert descriptions(repo, tmp_path / "cache", WORKTREE) == [f"no{round_:02}x", "nonex"]


@pytest.mark.parametrize(
    "options",
    [
        ReadOptions(env={"TEAM": "ads"}),
        ReadOptions(variables={"source": "s3"}),
        ReadOptions(code=False),
        ReadOptions(airflow_version="2.11.2"),
        ReadOptions(strict=True),
        ReadOptions(dags=("dags/etl.py",)),
        ReadOptions(paths=("lib",)),
        ReadOptions(roots={"/opt": "."}),
        ReadOptions(packages={"own": "."}),
        ReadOptions(connections={"db": "postgres://"}),
        ReadOptions(ignore_syntax="glob"),
        ReadOptions(max_value_bytes=7),
    ],
)
def test_other_options_have_files_run_again(repo: Path, tmp_path: Path, ran: list[str], options: ReadOptions) -> None:
    before = descriptions(repo, tmp_path / "cache")
    ran.clear()
    found = descriptions(repo, tmp_path / "cache", options=options)
    assert "dags/etl.py" in ran
    assert found == descriptions(repo, tmp_path / "other", options=options)
    assert descriptions(repo, tmp_path / "cache") == before


def test_limits_and_processors_make_no_other_key() -> None:
    assert parser_key(ReadOptions(timeout=2, memory_mib=7, jobs=1)) == parser_key(ReadOptions())


@pytest.mark.parametrize("options", [ReadOptions(python="python3"), ReadOptions(imports=("yaml",))])
def test_what_others_may_have_installed_is_never_shared(options: ReadOptions) -> None:
    assert parser_key(options) is None


def test_imports_are_remembered_by_one_history_alone(repo: Path, tmp_path: Path, ran: list[str]) -> None:
    options = ReadOptions(imports=("yaml",))
    for count in (2, 4):
        with Memo(tmp_path / "cache") as memo, History(repo, memo=memo) as history:
            assert history.at("HEAD", options) == history.at("HEAD", options)
        assert len(ran) == count


def test_a_file_outside_of_the_tree_counts(repo: Path, tmp_path: Path, ran: list[str], commit: Commit) -> None:
    place = tmp_path / "etc/team.txt"
    commit(
        repo,
        {
            "dags/other.py": f"from airflow import DAG\nimport os\nx = {str(place)!r}\n"
            "dag = DAG('other', description=open(x).read() if os.path.exists(x) else 'none')\n"
        },
    )
    place.parent.mkdir()
    for text in ("none", "one", "two", "none"):
        if text == "none":
            place.unlink(missing_ok=True)
        else:
            place.write_text(text)
        time.sleep(0.1)
        for _ in range(2):
            for ref in ("HEAD", WORKTREE):
                assert descriptions(repo, tmp_path / "cache", ref) == ["nonex", text]
    ran.clear()
    descriptions(repo, tmp_path / "cache")
    assert ran == []


def test_results_are_found_again_by_other_processes(tmp_path: Path) -> None:
    with Memo(tmp_path) as memo:
        (id_,) = remembering(memo, "a")
        memo.remember_tree(b"key", "tree", b"layout")
    with Memo(tmp_path) as memo:
        (known,) = memo.known(b"key", "a")
        assert (known.id, known.mark, known.reads) == (id_, b"mark", Reads(contents=("a",)))
        assert (memo.brief(id_), memo.body(id_), memo.tree(b"key", "tree")) == (b"briefa", b"bodya", b"layout")
        assert memo.known(b"other", "a") == []
        assert memo.tree(b"other", "tree") is None


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Memo(tmp_path / "new/cache") as memo:
        remembering(memo, "a")
        assert memo.path is not None
        assert {path.stat().st_mode & 0o77 for path in (memo.path, memo.path.parent)} == {0}


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_file_gives_what_was_remembered_or_nothing(tmp_path: Path, seed: int) -> None:
    names = [f"dags/{at}.py" for at in range(40)]
    with Memo(tmp_path) as memo:
        ids = dict(zip(names, remembering(memo, *names), strict=True))
        for name in names:
            memo.remember_tree(b"key", name, b"layout" + name.encode())
        path = memo.path
    assert path is not None
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    if seed % 4 == 0:
        del content[chance.randrange(len(content)) :]
    for _ in range(chance.choice([1, 20, 500])):
        content[chance.randrange(len(content))] = chance.randrange(256)
    path.write_bytes(content)
    with Memo(tmp_path) as memo:
        for name in names:
            for known in memo.known(b"key", name):
                if memo.brief(known.id) is not None:
                    assert (known.id, known.mark, known.reads) == (ids[name], b"mark", Reads(contents=("a",)))
            assert memo.brief(ids[name]) in (None, b"brief" + name.encode())
            assert memo.body(ids[name]) in (None, b"body" + name.encode())
            assert memo.tree(b"key", name) in (None, b"layout" + name.encode())
        (new,) = remembering(memo, "new")
        assert memo.body(new) in (None, b"bodynew")
        memo.clear()
    with Memo(tmp_path) as memo:
        (id_,) = remembering(memo, "new")
        assert (memo.body(id_), memo.usage().results, memo.usage().trouble) == (b"bodynew", 1, "")


def test_rows_that_changed_places_are_not_taken(tmp_path: Path) -> None:
    with Memo(tmp_path) as memo:
        ids = remembering(memo, "a", "b")
        path = memo.path
    assert path
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE body SET id = -id")
        connection.execute("UPDATE body SET id = ? WHERE id = -?", (ids[0], ids[1]))
        connection.execute("UPDATE result SET reads = (SELECT reads || x'00' FROM result)")
    connection.close()
    with Memo(tmp_path) as memo:
        assert [memo.body(id_) for id_ in ids] == [None, None]
        assert [memo.brief(id_) for id_ in ids] == [None, None]


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"", "version", "folder", "readonly"])
def test_commands_go_without_a_file_that_is_of_no_use(repo: Path, tmp_path: Path, content: bytes | str) -> None:
    folder = tmp_path / "cache"
    path = Memo(folder).path
    assert path is not None
    folder.mkdir()
    if content == "version":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
    elif content == "folder":
        path.mkdir()
    elif content == "readonly":
        folder.rmdir()
        folder.write_text("a file, no folder")
    else:
        path.write_bytes(content if isinstance(content, bytes) else b"")
    for _ in range(2):
        assert descriptions(repo, folder) == ["nonex", "nonex"]
    with Memo(folder) as memo:
        assert bool(memo.usage().trouble) is (content != b"")


def test_a_locked_file_is_gone_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagserial.history.memo._WAITING", 0.2)
    with Memo(tmp_path) as memo:
        remembering(memo, "a")
        assert memo.path
        other = sqlite3.connect(memo.path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with Memo(tmp_path) as late:
            (id_,) = remembering(late, "b")
            assert late.body(id_) is None
            (id_,) = remembering(late, "b")
            assert late.body(id_) == b"bodyb"
            assert "locked" in late.usage().trouble
        other.close()


def test_clearing_says_so_where_it_cannot(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    assert memo.path
    memo.path.mkdir()
    with pytest.raises(SettingsError, match="cannot be cleared"):
        memo.clear()


def test_what_is_cleared_meanwhile_is_worked_out_again(repo: Path, tmp_path: Path, ran: list[str]) -> None:
    folder = tmp_path / "cache"
    with Memo(folder) as memo, Memo(folder) as other, History(repo, memo=memo) as history:
        first = history.at("HEAD")
        for _ in range(3):
            other.clear()
            assert history.at("HEAD") == first
            assert history.at(WORKTREE).entries[0].record == first.entries[0].record
        assert len(ran) <= 3 * 2
        assert list(history.log())


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{at:03}" for at in range(400)]
    clock = [10**9]
    monkeypatch.setattr("dagserial.history.memo._now", lambda: clock[0])

    def filled(memo: Memo) -> dict[str, int]:
        found = {}
        for name in names:
            clock[0] += 1
            body = random.Random(name).randbytes(5000)
            found[name] = memo.remember(b"key", name, (b"mark", None), b"brief", body)
            memo.remember_tree(b"key", name, b"layout")
        return found

    with Memo(tmp_path) as memo:
        ids = filled(memo)
    clock[0] += 10**5
    with Memo(tmp_path, most_bytes=1_000_000) as memo:
        assert memo.body(ids["000"]) is not None
    with Memo(tmp_path) as memo:
        usage = memo.usage()
        left = [name for name in names if memo.body(ids[name])]
        assert left == ["000", *names[-len(left) + 1 :]]
        assert usage.trees == 0
        assert 100 < len(left) == usage.results < 200
        assert usage.size <= 800_000 < 1_000_000
        assert memo.path
        assert memo.path.stat().st_size <= 1_000_000


def test_answers_are_right_after_trimming(repo: Path, tmp_path: Path, ran: list[str]) -> None:
    with Memo(tmp_path / "cache", most_bytes=0) as memo, History(repo, memo=memo) as history:
        first = history.at("HEAD")
    with Memo(tmp_path / "cache") as memo, History(repo, memo=memo) as history:
        assert memo.usage().results == 0
        assert history.at("HEAD") == first
    assert len(ran) == 4


def test_reads_that_are_no_text_any_more_are_forgotten(tmp_path: Path) -> None:
    with Memo(tmp_path) as memo:
        remembering(memo, "dags/a.py")
        path = memo.path
    assert path is not None
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE result SET reads = ?", (b"\x81\xa8contents\x91\xa1\x83",))
    with Memo(tmp_path) as memo:
        assert memo.known(b"key", "dags/a.py") == []
