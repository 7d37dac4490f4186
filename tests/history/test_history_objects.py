"""Reading Git's objects by id: right bytes, bounded memory, and no process that is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from dagserial.errors import RepositoryError
from dagserial.history.batch import Batch
from dagserial.history.objects import Objects, TreeEntry
from dagserial.history.repository import Repository
from dagserial.recent import Recent

Git = Callable[..., str]
Commit = Callable[..., str]


@pytest.fixture
def objects(repo: Path) -> Iterator[Objects]:
    with closing(Repository(repo)) as repository, Objects(repository) as opened:
        yield opened


def stored(git: Git, repo: Path, content: bytes) -> bytes:
    return git(repo, "hash-object", "-w", "--stdin", stdin=content).encode()


def gits() -> set[int]:
    """Return the processes of git below this one."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        found |= set(map(int, (task / "children").read_text().split()))
    return {pid for pid in found if b"cat-file" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def ended(pid: int) -> bool:
    """Wait for a process, that need not be a child, to end."""
    for _ in range(200):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


CONTENTS = [b"", b"\n", b"no line break", b"\0" * 3, b"missing\n", b"x blob 5\n", bytes(range(256)) * 2000]


def test_blobs_come_byte_for_byte_and_in_order(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS] * 40
    assert list(objects.blobs(ids)) == list(zip(ids, CONTENTS * 40, strict=True))
    assert [objects.blob(id_) for id_ in ids] == CONTENTS * 40
    assert objects.sizes(ids) == {id_: len(content) for id_, content in zip(ids, CONTENTS, strict=False)}
    assert list(objects.blobs([])) == []
    assert objects.sizes([]) == {}


def test_ids_are_taken_as_they_come(objects: Objects, repo: Path, git: Git) -> None:
    id_ = stored(git, repo, b"again")
    taken = []

    def ids() -> Iterator[bytes]:
        for number in range(10_000):
            taken.append(number)
            yield id_

    with closing(objects.blobs(ids())) as blobs:
        for _ in range(5):
            assert next(blobs) == (id_, b"again")
        assert len(taken) < 100


def test_other_requests_are_answered_while_blobs_are_read(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]
    for id_, content in objects.blobs(ids * 20):
        assert objects.blob(id_) == content
        assert objects.sizes([id_]) == {id_: len(content)}
        assert list(objects.blobs([id_])) == [(id_, content)]


def test_large_blobs_do_not_block(objects: Objects, repo: Path, git: Git) -> None:
    large = os.urandom(3_000_000)
    id_ = stored(git, repo, large)
    assert all(content == large for _, content in objects.blobs([id_] * 100))


def test_one_process_serves_one_thread(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]
    for id_ in ids:
        objects.blob(id_)
    list(objects.blobs(ids))
    objects.entries(git(repo, "rev-parse", "HEAD").encode())
    assert len(gits()) == 1
    objects.sizes(ids)
    assert len(gits()) == 2
    objects.close()
    assert gits() == set()


def test_threads_get_the_right_answers_and_leave_few_processes(objects: Objects, repo: Path, git: Git) -> None:
    contents = [b"%d" % number * number for number in range(200)]
    known = {stored(git, repo, content): content for content in contents}

    def read(id_: bytes) -> bool:
        found = dict(objects.blobs([id_, *list(known)[:3]]))
        return found[id_] == known[id_] == objects.blob(id_) and objects.sizes([id_]) == {id_: len(known[id_])}

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(read, [*known, *known]))
    assert len(gits()) <= 8
    objects.close()
    assert gits() == set()


def test_reading_left_early_leaves_no_process_and_no_answer(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]
    blobs = objects.blobs(ids * 50)
    next(blobs)
    blobs.close()
    assert gits() == set()
    assert objects.blob(ids[2]) == CONTENTS[2]


def test_an_error_of_the_caller_leaves_the_next_answer_right(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]

    def wanted() -> Iterator[bytes]:
        yield from ids
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(objects.blobs(wanted()))
    assert objects.blob(ids[-1]) == CONTENTS[-1]


def test_a_process_that_was_killed_is_replaced(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]
    objects.blob(ids[0])
    (first,) = gits()
    os.kill(first, signal.SIGKILL)
    assert ended(first)
    assert objects.blob(ids[1]) == CONTENTS[1]
    assert gits() != {first}


def test_a_process_that_is_killed_while_it_answers_is_said(objects: Objects, repo: Path, git: Git) -> None:
    id_ = stored(git, repo, os.urandom(1_000_000))
    blobs = objects.blobs([id_] * 100)
    next(blobs)
    (pid,) = gits()
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RepositoryError, match=r"^git cannot read '.*': git gives no reason$"):
        list(blobs)
    assert gits() == set()
    with closing(Repository(repo)) as repository, closing(Batch(repository, "--batch")) as batch:
        batch.ask([id_])
        assert len(batch.content(batch.header().size)) == 1_000_000
        (pid,) = gits()
        os.kill(pid, signal.SIGKILL)
        assert ended(pid)
        with pytest.raises(RepositoryError, match=r"^git cannot read "):
            batch.ask([id_])
        assert not batch.is_usable()


def test_what_is_asked_after_closing_is_answered_and_leaves_nothing(objects: Objects, repo: Path, git: Git) -> None:
    id_ = stored(git, repo, b"late")
    blobs = objects.blobs([id_] * 3)
    next(blobs)
    objects.close()
    assert [content for _, content in blobs] == [b"late"] * 2
    assert objects.blob(id_) == b"late"
    assert gits() == set()


def test_a_fork_reads_on_and_so_does_its_parent(objects: Objects, repo: Path, git: Git) -> None:
    ids = [stored(git, repo, content) for content in CONTENTS]
    objects.blob(ids[2])
    before = gits()
    child = os.fork()
    if not child:
        os._exit(0 if objects.blob(ids[3]) == CONTENTS[3] and objects.blob(ids[4]) == CONTENTS[4] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert objects.blob(ids[5]) == CONTENTS[5]
    assert gits() == before


@pytest.mark.parametrize("how", ["os.kill(os.getpid(), 9)", "os._exit(0)", "pass", "del objects, repository"])
@pytest.mark.parametrize("where", ["waiting", "writing"])
def test_no_git_outlives_its_caller(repo: Path, git: Git, how: str, where: str) -> None:
    id_ = stored(git, repo, os.urandom(5_000_000)).decode()
    code = f"""
import os
from dagserial.history.objects import Objects
from dagserial.history.repository import Repository
repository = Repository({str(repo)!r})
objects = Objects(repository)
blobs = objects.blobs([b"{id_}"] * {1 if where == "waiting" else 50})
next(blobs)
if {where == "waiting"}:
    assert list(blobs) == []
for task in os.scandir("/proc/self/task"):
    print(open(task.path + "/children").read(), flush=True)
{how}
"""
    finished = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60)
    pids = [int(pid) for pid in finished.stdout.split()]
    assert pids
    assert all(map(ended, pids))


def test_ctrl_c_at_the_terminal_does_not_reach_git(objects: Objects, repo: Path, git: Git) -> None:
    objects.blob(stored(git, repo, b"x"))
    (pid,) = gits()
    assert os.getpgid(pid) != os.getpgid(0)


def test_entries_are_those_of_one_tree_in_git_order(objects: Objects, repo: Path, git: Git, commit: Commit) -> None:
    (repo / "link").symlink_to("dags")
    head = commit(repo, {"b/x": "1", "b.txt": "2", "run.sh": "3", os.fsdecode(b"n\n\xff"): "4"}).encode()
    git(repo, "tag", "--annotate", "--message=x", "v1")
    shown = git(repo, "ls-tree", "-z", "HEAD").split("\0")[:-1]
    expected = []
    for line in shown:
        about, name = line.split("\t", 1)
        mode, _, id_ = about.encode().split()
        expected.append(TreeEntry(os.fsencode(name), mode.lstrip(b"0"), id_))
    tree = git(repo, "rev-parse", "HEAD^{tree}").encode()
    tag = git(repo, "rev-parse", "v1").encode()
    for id_ in (head, tree, tag):
        assert objects.entries(id_) == tuple(expected)


def test_a_tree_is_read_once(objects: Objects, repo: Path, git: Git) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}").encode()
    head = git(repo, "rev-parse", "HEAD").encode()
    assert objects.entries(head) is objects.entries(tree) is objects.entries(head)


def test_trees_of_sha256_repositories_are_read(tmp_path: Path, git: Git, commit: Commit) -> None:
    folder = tmp_path / "wide"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(folder))
    head = commit(folder, {"a.py": "a", "b.py": "b"}).encode()
    with closing(Repository(folder)) as repository, Objects(repository) as objects:
        entries = objects.entries(head)
        assert [entry.name for entry in entries] == [b"a.py", b"b.py"]
        assert [objects.blob(entry.id) for entry in entries] == [b"a", b"b"]


def test_what_is_remembered_is_bounded(objects: Objects, repo: Path, git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    recent: Recent[bytes, str] = Recent(8)
    for number in range(20):
        recent.put(b"%d" % number, "x", 2)
    assert [number for number in range(20) if recent.get(b"%d" % number)] == [16, 17, 18, 19]
    recent.get(b"16")
    recent.put(b"new", "x", 2)
    assert recent.get(b"16")
    assert recent.get(b"17") is None
    recent.put(b"heavy", "x", 3)
    assert recent.get(b"heavy") is None


def test_small_blobs_are_remembered_and_large_ones_are_not(objects: Objects, repo: Path, git: Git) -> None:
    small, large = stored(git, repo, b"small"), stored(git, repo, bytes(20_000_000))
    assert objects.blob(small) is objects.blob(small)
    assert objects.blob(large) is not objects.blob(large)


@pytest.mark.parametrize("id_", [b"HEAD", b"", b"0" * 41, b"HEAD:x\n", b"-x", b"0" * 39 + b"\n", b"A" * 40])
def test_only_ids_reach_git(objects: Objects, id_: bytes) -> None:
    for ask in (
        objects.blob,
        objects.entries,
        lambda id_: objects.sizes([id_]),
        lambda id_: list(objects.blobs([id_])),
    ):
        with pytest.raises(RepositoryError, match=r"is no id of a Git object$"):
            ask(id_)


def test_an_object_of_another_kind_is_said(objects: Objects, repo: Path, git: Git) -> None:
    tree = git(repo, "rev-parse", "HEAD^{tree}").encode()
    with pytest.raises(RepositoryError, match=f"^object {tree.decode()} in '.*' is a tree, no blob$"):
        objects.blob(tree)
    blob = git(repo, "rev-parse", "HEAD:dags/etl.py").encode()
    with pytest.raises(RepositoryError, match=f"^git finds no tree {blob.decode()} in "):
        objects.entries(blob)
    assert objects.blob(blob) == b"first\n"


def test_a_missing_object_is_said(objects: Objects) -> None:
    message = r"^git finds no (blob|tree|object) 0{40} in '.*'; `git fsck` tells what the repository lacks$"
    for ask in (
        objects.blob,
        objects.entries,
        lambda id_: objects.sizes([id_]),
        lambda id_: list(objects.blobs([id_])),
    ):
        with pytest.raises(RepositoryError, match=message):
            ask(b"0" * 40)


def test_a_damaged_object_is_said_and_the_next_is_read(objects: Objects, repo: Path, git: Git) -> None:
    good, bad = stored(git, repo, b"good"), stored(git, repo, os.urandom(100_000))
    path = repo / ".git/objects" / bad[:2].decode() / bad[2:].decode()
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:50_000])
    with pytest.raises(RepositoryError, match=bad.decode()):
        objects.blob(bad)
    assert objects.blob(good) == b"good"


def test_a_partial_clone_fetches_nothing_and_tells_how_to(repo: Path, tmp_path: Path, git: Git) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{repo}", "partial")
    id_ = git(repo, "rev-parse", "HEAD:dags/etl.py").encode()
    before = git(tmp_path / "partial", "count-objects", "-v")
    with closing(Repository(tmp_path / "partial")) as repository, Objects(repository) as objects:
        assert [entry.name for entry in objects.entries(git(repo, "rev-parse", "HEAD").encode())] == [b"dags"]
        for ask in (objects.blob, lambda id_: objects.sizes([id_])):
            with pytest.raises(RepositoryError, match=r"partial clone .* run `git fetch --refetch --no-filter` first"):
                ask(id_)
    assert git(tmp_path / "partial", "count-objects", "-v") == before


def test_what_git_says_meanwhile_does_not_fill_its_pipe(repo: Path, git: Git) -> None:
    blob = git(repo, "rev-parse", "HEAD:dags/etl.py").encode()
    finished = threading.Event()

    def ask(batch: Batch) -> None:
        for _ in range(3000):
            batch.ask([blob + b"^{tree}"])
            assert batch.header().kind == b"missing"
        finished.set()

    with closing(Repository(repo)) as repository, closing(Batch(repository, "--batch")) as batch:
        threading.Thread(target=ask, args=[batch], daemon=True).start()
        assert finished.wait(60)
        batch.ask([blob])
        assert batch.content(batch.header().size) == b"first\n"
