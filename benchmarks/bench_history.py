"""Reading a repository's objects and files, against Git's own commands on the same repository.

python benchmarks/bench_history.py [REPOSITORY]
"""

import gc
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from git import Repo, Tree
from measure import heading, note, row

from dagserial.history import History, RefPath
from dagserial.history.objects import Objects
from dagserial.history.repository import Repository
from dagserial.history.tree import PrivateTree

COMMITS, FILES, REFS, STEPS, REPEATS = 1000, 200, 10, 100, 7


def main() -> None:
    """Print each ratio beside its target."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        measure(Path(folder))


def generate(folder: Path) -> None:
    """Make a repository of `FILES` DAG files and as many others, of which each commit changes two."""
    commits = []
    for number in range(COMMITS):
        names = range(2 * FILES) if number == 0 else (number * 7 % FILES, FILES + number * 11 % FILES)
        files = [_file(f"{'dags' if name < FILES else 'src'}/f{name:03}.py", name, number) for name in names]
        about = f"commit refs/heads/main\ncommitter A <a@example.org> {1_600_000_000 + number * 60} +0000\ndata 0\n"
        commits.append(about + "".join(files))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "fast-import", "--quiet", stdin="\n".join(commits))
    _git(folder, "repack", "-adq")


def _file(path: str, name: int, number: int) -> str:
    lines = [f'step_{name}_{line} = task("{(name * 31 + line) * 7919 % 100_003}")\n' for line in range(100)]
    content = "".join([f"# {number}\n", *lines])
    return f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"


def measure(folder: Path) -> None:
    """Print the ratios of one repository."""
    ids = _blobs(folder)
    with closing(Repository(folder)) as repository:
        objects(folder, repository, ids)
    files(folder)
    paths(folder)
    steps(folder)
    startup()


def objects(folder: Path, repository: Repository, ids: list[bytes]) -> None:
    """Compare every blob that is in the repository."""

    def stream() -> None:
        with Objects(repository) as opened:
            assert sum(1 for _ in opened.blobs(ids)) == len(ids)

    def one_by_one() -> None:
        with Objects(repository) as opened:
            for id_ in ids:
                opened.blob(id_)

    def sizes() -> None:
        with Objects(repository) as opened:
            assert len(opened.sizes(ids)) == len(ids)

    wanted = b"".join(id_ + b"\n" for id_ in ids)
    found = costs(
        {
            "batch": lambda: _cat_file(folder, wanted, "--batch"),
            "unread": lambda: _cat_file(folder, wanted, "--batch", subprocess.DEVNULL),
            "check": lambda: _cat_file(folder, wanted, "--batch-check"),
            "stream": stream,
            "one by one": one_by_one,
            "sizes": sizes,
        }
    )
    heading(f"{len(ids):,} blobs / git cat-file --batch, its output read from a pipe and thrown away")
    for unit in ("CPU", "wall"):
        batch = found[f"batch {unit}"]
        row(f"all in one stream, {unit}", found[f"stream {unit}"] / batch, 2)
        note(
            f"all in one stream / git with its output to /dev/null, {unit}",
            found[f"stream {unit}"] / found[f"unread {unit}"],
        )
        note(f"one after the other, each asked for alone, {unit}", found[f"one by one {unit}"] / batch)
        note(f"sizes alone / --batch-check, {unit}", found[f"sizes {unit}"] / found[f"check {unit}"])


def files(folder: Path) -> None:
    """Compare every file of some commits, by its path."""
    commits = _git(folder, "rev-list", "--first-parent", "HEAD").decode().split()
    commits = commits[:: max(1, len(commits) // REFS)][:REFS]

    def paths() -> int:
        with History(folder) as history:
            return sum(_read(history.path(commit)) for commit in commits)

    def git_python() -> int:
        with closing(Repo(folder)) as repo:
            return sum(_read_by_git_python(repo.commit(commit).tree) for commit in commits)

    def archives() -> None:
        for commit in commits:
            _git(folder, "archive", commit)

    assert paths() == git_python()
    found = costs({"archive": archives, "paths": paths, "git_python": git_python}, repeats=3)
    heading(f"All files of {len(commits)} commits, by path, opening the repository")
    note("GitPython's tree[path] / History.path, wall", found["git_python wall"] / found["paths wall"])
    note("History.path / git archive, wall", found["paths wall"] / found["archive wall"])


def paths(folder: Path) -> None:
    """Compare the list of the commits that changed one file: the one that most commits of the last 500 changed."""
    names = _git(folder, "log", "-500", "--first-parent", "--format=", "--name-only", "HEAD").decode().splitlines()
    path = Counter(name for name in names if name.endswith(".py")).most_common(1)[0][0]
    with History(folder) as history:
        found = costs(
            {
                "git": lambda: _git(folder, "log", "--first-parent", "--format=%H %T %an %aI %s", "HEAD", "--", path),
                "own": lambda: history.commits("HEAD", paths=[path]),
            }
        )
    heading(f"Commits that changed {path} / git log of the same")
    row("History.commits, CPU", found["own CPU"] / found["git CPU"], 1.6)
    row("History.commits, wall", found["own wall"] / found["git wall"], 1.6)


def steps(folder: Path) -> None:
    """Compare going from commit to commit with `git checkout` in a clone."""
    commits = _git(folder, "rev-list", "--first-parent", f"-{STEPS + 1}", "HEAD").decode().split()
    with tempfile.TemporaryDirectory() as place, closing(Repository(folder)) as repository:
        clone = Path(place, "clone")
        _git(folder, "clone", "--quiet", "--shared", "--no-checkout", str(folder), str(clone))
        _git(clone, "checkout", "--quiet", "--detach", commits[0])
        with Objects(repository) as opened, PrivateTree(repository, opened) as tree:
            trees = [opened.tree(commit) for commit in commits]
            tree.moved(trees[0])

            def own() -> None:
                for one in (*trees[1:], trees[0]):
                    tree.moved(one)

            def checkout() -> None:
                for commit in (*commits[1:], commits[0]):
                    _git(clone, "checkout", "--quiet", "--detach", commit)

            found = costs({"own": own, "checkout": checkout}, repeats=3)
    heading(f"{len(commits)} steps to the next commit / git checkout")
    row("PrivateTree, wall", found["own wall"] / found["checkout wall"], 0.3)
    note("PrivateTree, CPU, without that of its open git", found["own CPU"] / found["checkout CPU"])


def startup() -> None:
    """Compare the start of the command line with the import of click."""
    found = costs(
        {
            "help": lambda: _run(str(Path(sys.executable).with_name("dagserial")), "--help"),
            "click": lambda: _run(sys.executable, "-c", "import click"),
        },
        repeats=21,
    )
    heading("Start: dagserial --help / python -c 'import click'")
    row("CPU", found["help CPU"] / found["click CPU"], 1.25)
    row("wall", found["help wall"] / found["click wall"], 1.25)


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True)


def _read(top: RefPath) -> int:
    found = (path for path in top.glob("**/*") if not path.is_symlink() and path.is_file())
    return sum(len(path.read_bytes()) for path in found)


def _read_by_git_python(tree: Tree) -> int:
    names = [blob.path for blob in tree.traverse() if blob.type == "blob" and blob.mode != 0o120000]
    return sum(len(tree[name].data_stream.read()) for name in names)


def costs(candidates: dict[str, Callable[[], object]], repeats: int = REPEATS) -> dict[str, float]:
    """Return the median costs of each, its child processes included: `NAME CPU` and `NAME wall`, taken in turns."""
    taken: dict[str, list[float]] = {}
    gc.collect()
    gc.disable()
    for _ in range(repeats):
        for name, run in candidates.items():
            cpu, wall = _cpu(), time.perf_counter()
            run()
            taken.setdefault(f"{name} wall", []).append(time.perf_counter() - wall)
            taken.setdefault(f"{name} CPU", []).append(_cpu() - cpu)
    gc.enable()
    return {name: statistics.median(values) for name, values in taken.items()}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _blobs(folder: Path) -> list[bytes]:
    check = ("cat-file", "--batch-check=%(objecttype) %(objectname)", "--batch-all-objects", "--unordered")
    return [line[5:] for line in _git(folder, *check).splitlines() if line.startswith(b"blob ")]


def _cat_file(folder: Path, wanted: bytes, mode: str, output: int = subprocess.PIPE) -> None:
    with tempfile.TemporaryFile() as asked:
        asked.write(wanted)
        asked.seek(0)
        command = ["git", "-C", str(folder), "cat-file", mode]
        with subprocess.Popen(command, stdin=asked, stdout=output) as git:
            while git.stdout and git.stdout.read1(1 << 20):
                pass


def _git(folder: Path, *arguments: str, stdin: str = "") -> bytes:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], input=stdin.encode(), capture_output=True, check=True
    ).stdout


if __name__ == "__main__":
    main()
