"""Read the records of a repository as of a ref, or of its work tree."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from dagserial.diff.matching import Matching
from dagserial.errors import RepositoryError
from dagserial.history import refs
from dagserial.history.commits import Commit, commits, cut_off
from dagserial.history.committed import Committed
from dagserial.history.in_place import InPlace
from dagserial.history.log import Event, follow, log
from dagserial.history.memo import Memo
from dagserial.history.objects import Objects
from dagserial.history.pair import readings
from dagserial.history.path import RefPath
from dagserial.history.readings import Progress, Readings, unwatched
from dagserial.history.remote import Source, Workers
from dagserial.history.repository import Repository
from dagserial.history.result import Entry, Result
from dagserial.history.side import FileSide
from dagserial.history.snapshot import Snapshot
from dagserial.record import Record
from dagserial.sources import files
from dagserial.sources.reading import Reading, ReadOptions

WORKTREE = "@worktree"
"""The ref that stands for the files as they lie in the work tree."""

_AS_FOUND = ReadOptions()
_AS_ALIKE = Matching()


class History:
    """The records of a Git repository, by ref.

    Reads Git's object database and leaves the repository as it was: no lock, no hook, no filter, no fetch. A context
    manager; whoever opens a history closes it. Threads may share it.

    Args:
        repo: a folder in a repository, the repository, or a bare one. `.` is what git takes it for, by GIT_DIR and its
            kin where they are set, as in a Git hook; any other folder stands for itself, whatever they say.
        memo: remembers what DAG files gave; it stays the caller's to close. None to remember until this is closed.
        executor: runs the DAG files of commits, in other processes or on other machines; it stays the caller's to shut
            down. None to run them in sandboxes here.
        workers: how many units of work the executor takes at once.
        bundled: units of work carry the repository as a bundle, as the executor's machines do not have its path.

    Raises:
        RepositoryError: there is no repository, git refuses to read it, or git is not installed.
    """

    def __init__(
        self,
        repo: str | Path = ".",
        *,
        memo: Memo | None = None,
        executor: Executor | None = None,
        workers: int = 8,
        bundled: bool = False,
    ) -> None:
        self._repository = Repository(repo)
        self._objects = Objects(self._repository)
        elsewhere = None
        if executor is not None:
            source = Source.bundled(self._repository) if bundled else Source(str(self._repository.folder))
            elsewhere = Workers(executor, source, workers)
        self._readings = Readings(self._repository, self._objects, memo or Memo(), elsewhere)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the child processes."""
        self._objects.close()
        self._repository.close()

    @property
    def root(self) -> Path | None:
        """The top of the work tree; None if there is none, as in a bare repository."""
        return self._repository.root

    def commit(self, ref: str) -> str | None:
        """Return the commit that a ref names, 40 hex (64 where objects are SHA-256); None for the work tree.

        Args:
            ref: anything `git rev-parse` takes for one commit, or `@worktree`.

        Raises:
            SettingsError: `ref` can be no ref: it is empty, starts with `-`, or holds NUL or a line break.
            NotFoundError: `ref` names no commit, or more than one.
            RepositoryError: the repository has no commit yet.
        """
        return None if ref == WORKTREE else refs.commit(self._repository, ref)

    def refs(self) -> list[str]:
        """Return branches, tags and remote branches as one types them, sorted."""
        return sorted(set(refs.names(self._repository)))

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Tell whether a commit, by id, is another one or led to it; not so one that is not there."""
        return refs.is_ancestor(self._repository, older, newer)

    def path(self, ref: str, path: str | PurePosixPath = "") -> RefPath:
        """Return a path at a ref, from the top of the tree; no file need be there.

        The ref is looked up now, and the path stays at the commit that it names. At `@worktree` are the files that Git
        tracks or would add, as they lie on disk.

        Raises:
            SettingsError, NotFoundError: as for `commit`.
            RepositoryError: as for `commit`, or there is no work tree.
        """
        commit = self.commit(ref)
        contents = Committed(self._objects, commit) if commit else InPlace(self._repository, self._work_tree())
        return RefPath(contents, ref, PurePosixPath(path))

    def open(self, ref: str, path: str | PurePosixPath, mode: str = "rb", *, encoding: str = "utf-8") -> IO[Any]:
        """Open a file of a ref to read: `rb` for bytes, `r` for text. All of it is loaded, and nothing is checked out.

        Raises:
            SettingsError, NotFoundError: as for `commit`; PathNotFoundError if there is no such file.
            FolderError: a folder is there.
            ReadOnlyError: the mode would write.
            RepositoryError: the file cannot be read, or there is no work tree.
        """
        return self.path(ref, path).open(mode, encoding=encoding)

    def checked_out(self) -> tuple[str | None, bool]:
        """Return the commit that the work tree stands on, and whether the work tree holds anything else.

        None before the first commit. Files that Git ignores are nothing else. Files whose times changed are, if a
        filter of Git applies to them, as none is run.
        """
        failed, commit, _ = self._repository.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return None if failed else commit.decode().strip(), self._repository.is_changed()

    def merge_base(self, a: str, b: str) -> str:
        """Return the commit at which two refs parted; the work tree stands on HEAD.

        Raises:
            SettingsError: as for `commit`.
            NotFoundError: a ref does not exist, or the two have no ancestor in common.
            RepositoryError: the repository has no commit yet, or its history cannot be read.
        """
        return refs.merge_base(self._repository, *("HEAD" if ref == WORKTREE else ref for ref in (a, b)))

    def at(self, ref: str, options: ReadOptions = _AS_FOUND) -> Snapshot:
        """Return the records at a ref.

        A commit's files are laid out in a private folder, which is gone afterwards; the work tree is read in place.

        Raises:
            SettingsError: as for `commit`, or an option names something outside of the tree.
            NotFoundError: `ref` names no commit, or more than one.
            RepositoryError: the files of the commit cannot be read, or there is no work tree.
            SandboxError: the DAG files could not be run at all.
        """
        commit = self.commit(ref)
        if commit is None:
            root = self._work_tree()
            kept, contents = self._readings.kept(lambda: self._readings.in_place(root, options), options)
        else:
            tree = self._objects.tree(commit)
            kept, contents = self._readings.kept(lambda: self._readings.layout(tree, options), options)
        return Snapshot.of(ref, commit, kept, contents.errors)

    def commits(
        self,
        range_: str = "HEAD",
        *,
        full_history: bool = False,
        since: str | None = None,
        until: str | None = None,
        paths: Sequence[str] = (),
    ) -> list[Commit]:
        """Return the commits of a range, the newest first.

        Args:
            range_: `B` for all that led to B, `A..B` without what led to A, `A...B` for what led to one of them only.
            full_history: follow all parents of merges, not the first one only.
            since: no older commits, as `git log --since` takes it.
            until: no newer commits.
            paths: only commits that changed one of these files or folders, from the top of the tree.

        Raises:
            SettingsError, NotFoundError, RepositoryError: as for `commit`.
        """
        return commits(self._repository, range_, first_parent=not full_history, since=since, until=until, paths=paths)

    def ends(self, wanted: Iterable[Commit]) -> list[Commit]:
        """Return those of some commits whose parents are not there, as the repository is a shallow clone."""
        cut = cut_off(self._repository)
        return [commit for commit in wanted if commit.id in cut]

    def log(
        self,
        dag_id: str | None = None,
        range_: str | Sequence[Commit] = "HEAD",
        options: ReadOptions = _AS_FOUND,
        *,
        full_history: bool = False,
        since: str | None = None,
        until: str | None = None,
        is_wanted: Callable[[str], bool] | None = None,
        matching: Matching = _AS_ALIKE,
        progress: Progress = unwatched,
    ) -> Iterator[Event]:
        """Iterate over the commits at which a DAG came, went, or changed what it means, the newest first.

        Of a merge, that is told which none of its parents has; by default, only what the first parent has not. DAGs
        that were renamed are followed to their older ids. Of the oldest commit in a shallow clone nothing can be told.

        Args:
            dag_id: None for all DAGs, or those that `is_wanted` tells.
            range_, full_history, since, until: as for `commits`; or the commits that it gave.
            matching: how renamed DAGs are found.
            progress: is told now and then which part of the work is done, and how many DAG files have run.

        Raises:
            SettingsError, NotFoundError, RepositoryError, SandboxError: as for `at`.
        """
        wanted = range_
        if isinstance(wanted, str):
            wanted = self.commits(wanted, full_history=full_history, since=since, until=until)
        parents = self._parents(wanted, first_only=not full_history)
        trees = [tree for commit in wanted for tree in (commit.tree, *parents.get(commit.id, ()))]
        layouts = self._readings.along(trees, options, progress)
        found = log(
            wanted,
            parents,
            self._readings.contents_along(layouts, options),
            lambda tree, dag_ids: self._readings.bodies(tree, dag_ids, options),
            matching,
        )
        return follow(found, is_wanted or (lambda one: dag_id is None or one == dag_id))

    def records(self, event: Event, options: ReadOptions = _AS_FOUND) -> tuple[Record | None, Record | None]:
        """Return the record of an event's DAG before and after it, as far as there is one.

        Raises:
            SettingsError, NotFoundError, RepositoryError, SandboxError: as for `at`.
        """
        parent = f"{event.commit.id}^"
        old = self.record(event.previous_id or event.dag_id, parent, options) if event.old else None
        new = self.record(event.dag_id, event.commit.id, options) if event.new else None
        return old, new

    def first_seen(self, dag_id: str, ref: str = "HEAD", options: ReadOptions = _AS_FOUND) -> Commit | None:
        """Return the commit that brought a DAG, under whatever id; None if none did, as far as the history goes.

        Raises:
            SettingsError, NotFoundError, RepositoryError, SandboxError: as for `at`.
        """
        oldest = deque(self.log(dag_id, ref, options), maxlen=1)
        return next((event.commit for event in oldest if event.operation in ("added", "readable")), None)

    def last_seen(self, dag_id: str, ref: str = "HEAD", options: ReadOptions = _AS_FOUND) -> Commit | None:
        """Return the newest commit that has a DAG of that id; None if none has.

        Raises:
            SettingsError, NotFoundError, RepositoryError, SandboxError: as for `at`.
        """
        wanted = self.commits(ref)
        layouts = self._readings.along([commit.tree for commit in wanted], options)
        along = zip(wanted, self._readings.contents_along(layouts, options), strict=True)
        return next((commit for commit, contents in along if dag_id in contents.declared), None)

    def _parents(self, wanted: Sequence[Commit], *, first_only: bool) -> dict[str, list[str]]:
        """Return the trees of the parents of commits, but of those whose parents are not there."""
        cut = cut_off(self._repository)
        trees = {commit.id: commit.tree for commit in wanted}
        found = {}
        for commit in wanted:
            if commit.id not in cut:
                parents = commit.parents[:1] if first_only else commit.parents
                found[commit.id] = [trees.get(parent) or self._objects.tree(parent) for parent in parents]
        return found

    def of_pair(
        self, old: FileSide | None, new: FileSide | None, options: ReadOptions = _AS_FOUND
    ) -> tuple[Snapshot, Snapshot]:
        """Return the records of one file before and after a change; where it is missing there are none.

        Only the file differs, as its contents say; the rest is the work tree. If it cannot be read so, each side is
        read with the files of the commit that made it so, if HEAD's history has one.

        Raises:
            SettingsError, RepositoryError, SandboxError: as for `at`.
        """
        there = [side for side in (old, new) if side is not None]
        found = iter(readings(self._repository, there, options, files.read_contents) if there else [])
        base, head = (_snapshot(ref, next(found) if side else Reading()) for ref, side in (("old", old), ("new", new)))
        return base, head

    def load(self, dag_id: str, ref: str = "HEAD", options: ReadOptions = _AS_FOUND) -> Entry:
        """Return the record of one DAG at a ref, with what stands beside it.

        Raises:
            NotFoundError: `ref` names no commit, or holds no DAG of that id.
            SettingsError, RepositoryError, SandboxError: as for `at`.
        """
        return self.at(ref, options).get(dag_id)

    def record(self, dag_id: str, ref: str = "HEAD", options: ReadOptions = _AS_FOUND) -> Record:
        """Return the record of one DAG at a commit, without looking at those of others.

        Raises:
            NotFoundError, SettingsError, RepositoryError, SandboxError: as for `load`.
        """
        tree = self._objects.tree(refs.commit(self._repository, ref))
        bodies = self._readings.bodies(tree, [dag_id], options)
        return Record.of(bodies[dag_id]) if bodies else self.load(dag_id, ref, options).record

    def _work_tree(self) -> Path:
        if self.root is None:
            raise RepositoryError(f"{self._repository} has no work tree; name a commit instead of {WORKTREE!r}")
        return self.root


def _snapshot(ref: str, reading: Reading) -> Snapshot:
    result = Result.of(reading.parsed, reading.errors)
    return Snapshot.of(ref, None, result.kept, result.errors)
