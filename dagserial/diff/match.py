"""Match the tasks and groups of two versions of a DAG."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product

import msgspec

from dagserial.diff.change import Kind
from dagserial.diff.entries import Entries, Sides
from dagserial.diff.group_match import around, comes_with, match_groups, siblings, within
from dagserial.diff.matching import Matching, Rename, declared_pairs
from dagserial.diff.reference import Names
from dagserial.diff.task_match import TaskMatch
from dagserial.formats.pieces import Pieces
from dagserial.model import Value


class Match:
    """Which tasks and groups of two versions of a DAG are the same: those of one id, and those that were renamed.

    Args:
        dag_ids: the old and the new one, by which declared moves are looked up.
        dag_renames: old id -> new id of DAGs.

    Attributes:
        tasks: the tasks of both sides.
        groups: the groups of both sides.
        task_renames: by new id.
        group_renames: by new id.
        names: old id -> new id of all that was renamed.
        old_names: the inverse.
    """

    def __init__(
        self,
        pieces: tuple[Pieces, Pieces],
        dag_ids: tuple[str, str],
        matching: Matching,
        dag_renames: Mapping[str, str],
    ) -> None:
        old, new = pieces
        self.tasks = Sides(old.tasks, new.tasks)
        self.groups = Sides(old.groups, new.groups)
        self.task_renames: dict[str, Rename] = {}
        self.group_renames: dict[str, Rename] = {}
        if (self.tasks.gone and self.tasks.come) or (self.groups.gone and self.groups.come):
            self._match((_defaults(old.dag), _defaults(new.dag)), matching.moved_within(*dag_ids), matching)
        renames = self.task_renames.values(), self.group_renames.values()
        pairs = [*([(rename.old, rename.new) for rename in kind] for kind in renames), dag_renames.items()]
        self.names = Names(*map(dict, pairs))
        self.old_names = Names(*({new: old for old, new in kind} for kind in pairs))

    def _match(self, defaults: tuple[Value, Value], moved: dict[str, str], matching: Matching) -> None:
        groups = declared_pairs(self.groups.gone, self.groups.come, moved)
        tasks = TaskMatch(self.tasks, defaults)
        tasks.declare(declared_pairs(self.tasks.gone, self.tasks.come, moved))
        for pair in groups:
            tasks.declare(siblings(pair, self.tasks))
        if matching.detect:
            tasks.detect(matching.likeness)
            if matching.likeness < 100:
                tasks.carry(self._carried(tasks.found))
        found = self._same_groups(tasks.found, groups, matching.likeness)
        for rename in found:
            if not rename.declared:
                tasks.join(siblings((rename.old, rename.new), self.tasks))
        self.task_renames = {rename.new: rename for rename in tasks.found.values()}
        self.group_renames = {rename.new: rename for rename in found}

    def _carried(self, found: dict[str, Rename]) -> Iterator[tuple[str, str]]:
        """Yield tasks that are left over and have one id within their groups, one in the other's group or deeper."""
        olds = _places(self.tasks.gone - found.keys(), self.tasks.old, self.groups.old)
        news = _places(self.tasks.come - {one.new for one in found.values()}, self.tasks.new, self.groups.new)
        for (label, groups), ids in news.items():
            outer = (olds.get((label, groups[depth:]), ()) for depth in range(len(groups) + 1))
            yield from product(chain.from_iterable(outer), ids)
        for (label, groups), ids in olds.items():
            outer = (news.get((label, groups[depth:]), ()) for depth in range(1, len(groups) + 1))
            yield from product(ids, chain.from_iterable(outer))

    def _same_groups(self, tasks: dict[str, Rename], declared: list[tuple[str, str]], least: int) -> list[Rename]:
        if not (self.groups.gone and self.groups.come):
            return []
        same = [*((one, one) for one in self.tasks.differing), *((rename.old, rename.new) for rename in tasks.values())]
        return match_groups(self.groups, self.tasks, same, declared, least)

    def told(self) -> Iterator[tuple[Kind, Rename]]:
        """Yield what was renamed by itself, `task` or `group` before it: not with a group around it."""
        kinds: tuple[tuple[Kind, str, Sides, dict[str, Rename]], ...] = (
            ("task", "group", self.tasks, self.task_renames),
            ("group", "parent", self.groups, self.group_renames),
        )
        for kind, field, sides, renames in kinds:
            for rename in renames.values():
                olds = around(sides.old[rename.old], self.groups.old, field)
                news = around(sides.new[rename.new], self.groups.new, field)
                renamed = (self.group_renames[one] for one in news if one in self.group_renames)
                if not comes_with(rename, (group for group in renamed if group.old in olds)):
                    yield kind, rename


def _places(ids: Iterable[str], tasks: Entries, groups: Entries) -> dict[tuple[str, tuple[str, ...]], list[str]]:
    """Return tasks by their ids within their groups, and by these groups, from the innermost out."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in ids:
        inside = tuple(around(tasks[one], groups))
        found.setdefault((within(inside[0], one) if inside else one, inside), []).append(one)
    return found


def _defaults(dag: msgspec.Raw) -> Value:
    return msgspec.json.decode(dag).get("default_args")
