"""Make repositories in which DAGs come, go, break, are mended, moved, renamed, reverted and merged."""

from collections.abc import Callable
from pathlib import Path

Git = Callable[..., str]

_HEAD = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
BROKEN = _HEAD + "with DAG(\n"
NAMES = ("extract", "load", "report")


def dag(dag_id: str, *, retries: int = 1, tasks: tuple[str, ...] = NAMES) -> str:
    """Return the declaration of a DAG, without the imports."""
    lines = [
        f"    BashOperator(task_id={name!r}, bash_command='{dag_id[:1]} {name}', retries={retries})" for name in tasks
    ]
    return "\n".join([f"with DAG({dag_id!r}, schedule='@daily'):", *lines, ""])


def dag_file(*dags: str) -> str:
    """Return a DAG file."""
    return _HEAD + "".join(dags)


class Story:
    """A repository that is written commit by commit, an hour apart."""

    def __init__(self, folder: Path, git: Git) -> None:
        self.folder = folder
        self._git = git
        self._hours = 0
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git in the repository."""
        return self._git(self.folder, *arguments)

    def commit(self, message: str, **files: str | None) -> str:
        """Write `dags/<name>.py` files, None to remove one; commit; return the commit."""
        for name, text in files.items():
            path = self.folder / f"dags/{name}.py"
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)
        self.git("add", "--all")
        self._hours += 1
        date = f"2024-03-{1 + self._hours // 24:02}T{self._hours % 24:02}:00:00Z"
        self.git("commit", "--quiet", "--allow-empty", f"--date={date}", "--message", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, *branches: str) -> str:
        """Merge branches; return the merge."""
        self.git(
            "merge", "--quiet", "--no-ff", "--allow-unrelated-histories", "--message", f"merge {branches}", *branches
        )
        return self.git("rev-parse", "HEAD")


def eventful(folder: Path, git: Git) -> Story:
    """Return a repository with something of everything; the tag `done` is annotated."""
    story = Story(folder, git)
    story.commit("root", one=dag_file(dag("a"), dag("b")), two=dag_file(dag("c")))
    story.commit("change a", one=dag_file(dag("a", retries=2), dag("b")))
    story.commit("nothing at all")
    story.git("switch", "--quiet", "--create", "feature")
    story.commit("change c on a branch", two=dag_file(dag("c", retries=3)))
    story.commit("rename a task of c", two=dag_file(dag("c", retries=3, tasks=("extract", "save", "report"))))
    story.git("switch", "--quiet", "main")
    story.commit("break the file of a and b", one=BROKEN)
    story.merge("feature")
    story.commit("still broken", one=BROKEN + "\n", three=dag_file(dag("d")))
    story.commit("mend and change b", one=dag_file(dag("a", retries=2), dag("b", retries=5)))
    story.commit("move b", one=dag_file(dag("a", retries=2)), four=dag_file(dag("b", retries=5)))
    story.commit("rename a", one=dag_file(dag("a_new", retries=2)))
    story.git("revert", "--no-edit", "HEAD")
    for name in "xyz":
        story.git("switch", "--quiet", "--create", name, "main")
        story.commit(f"add {name}", **{name: dag_file(dag(name))})
    story.git("switch", "--quiet", "main")
    story.merge("x", "y", "z")
    story.git("switch", "--quiet", "--orphan", "elsewhere")
    story.commit("another root", other=dag_file(dag("o")))
    story.git("switch", "--quiet", "main")
    story.merge("elsewhere")
    story.git("switch", "--quiet", "--create", "evil", "main~1")
    story.commit("change d on a branch", three=dag_file(dag("d", retries=7)))
    story.git("switch", "--quiet", "main")
    story.git("merge", "--quiet", "--no-commit", "--no-ff", "evil")
    story.commit("a merge that changes c and d, too", three=dag_file(dag("d", retries=8)), two=dag_file(dag("c")))
    story.commit("remove c", two=None)
    story.commit("add c again, as it was", two=dag_file(dag("c")))
    story.git("tag", "--annotate", "--message", "done", "done")
    return story
