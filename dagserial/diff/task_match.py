"""Find the tasks that have another id on the other side."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from zlib import crc32

from dagserial.canonical import settled_bytes
from dagserial.diff.entries import Entries, Sides
from dagserial.diff.likeness import Features, alone, common_share, features_of, unique_best
from dagserial.diff.matching import Rename
from dagserial.diff.reference import Names, may_refer, redirected, unnamed
from dagserial.model import Value, semantics

_ROUNDS = 3
"""What one round pairs are neighbours that tell more tasks apart in the next."""

_DEFINITION = frozenset(name for name, meaning in semantics.TASK.items() if meaning.part == "definition")
_SHOWN = frozenset(name for name, meaning in semantics.ARGUMENTS.items() if meaning.part == "presentation")

Neighbour = tuple[str, str]
"""`up` or `down`, and the id of a task beside another."""


class TaskMatch:
    """Pairs tasks of ids that one side alone has; by definition first, then by likeness.

    What is paired is never paired anew. Swapping the sides swaps the pairs.

    Args:
        sides: the tasks.
        defaults: the DAG's default_args on either side: they make no task like another.
    """

    def __init__(self, sides: Sides, defaults: tuple[Value, Value]) -> None:
        self.found: dict[str, Rename] = {}
        self._news: set[str] = set()
        self._old = _Unpaired(sides.old, sides.gone, sides.differing, defaults[0])
        self._new = _Unpaired(sides.new, sides.come, sides.differing, defaults[1])

    def declare(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take pairs as they are declared; those of a task that is paired or on both sides are none."""
        for old, new in pairs:
            if old in self._old.left and new in self._new.left:
                self._settle(old, new, self._share(old, new), declared=True)

    def join(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take pairs that something else than they themselves tells, if their operators are the same."""
        for old, new in pairs:
            if old in self._old.left and new in self._new.left and self._has_same_operator(old, new):
                self._settle(old, new, self._share(old, new))

    def carry(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take pairs of one id within their groups that are alone with it, if a neighbour is the same, too."""
        left = [(old, new) for old, new in pairs if old in self._old.left and new in self._new.left]
        self.join((old, new) for old, new in alone(left) if self._known_old(old) & self._known_new(new))

    def detect(self, least: int) -> None:
        """Pair what can be told apart.

        Args:
            least: percent that a pair has in common; from 100 on, definitions must be equal.
        """
        for _ in range(_ROUNDS):
            before = len(self.found)
            if self._old.left and self._new.left:
                self._pair_equal()
            if self._old.left and self._new.left and least < 100:
                self._pair_alike(least)
            if len(self.found) == before:
                break

    def _settle(self, old: str, new: str, score: float, *, declared: bool = False) -> None:
        percent = 100 if self._old.definition(old) == self._new.definition(new) else min(99, int(score * 100))
        self.found[old] = Rename(old, new, percent, declared)
        self._news.add(new)
        self._old.left.discard(old)
        self._new.left.discard(new)

    def _counterpart(self, old: str) -> str | None:
        """Return the same task on the new side, as far as is known."""
        if old not in self._old.own:
            return old
        return self.found[old].new if old in self.found else None

    def _pair_equal(self) -> None:
        """Pair tasks of one definition that are alone with it, on their sides or beside tasks that are paired."""
        pairs = alone(_joined(self._old.by_definition(self._old.left), self._new.by_definition(self._new.left)))
        pairs = [pair for pair in pairs if self._says_enough(*pair)]
        beside = ((old, self._counterpart(old)) for old in self._old.around)
        frontier = [(old, new) for old, new in beside if new is not None]
        while pairs or frontier:
            for old, new in pairs:
                self._settle(old, new, 1)
            frontier += pairs
            pairs = alone([pair for old, new in frontier for pair in self._equal_beside(old, new)])
            frontier = []

    def _says_enough(self, old: str, new: str) -> bool:
        """Tell whether a definition is one of its own, or else the neighbours say which task it is."""
        return bool(self._old.features(old)) or bool(self._known(old, new)[0] & self._known(old, new)[1])

    def _equal_beside(self, old: str, new: str) -> Iterator[tuple[str, str]]:
        """Yield unpaired tasks of one definition that are alone with it on one end of the edges of a pair."""
        for end in ("up", "down"):
            sides = (
                unpaired.by_definition(unpaired.left & unpaired.around.get(one, {}).get(end, set()))
                for unpaired, one in ((self._old, old), (self._new, new))
            )
            yield from alone(_joined(*sides))

    def _pair_alike(self, least: int) -> None:
        olds = {old: self._old.features(old) | _as_features(self._known_old(old)) for old in self._old.left}
        news = {new: self._new.features(new) | _as_features(self._known_new(new)) for new in self._new.left}
        for old, (new, score) in unique_best(olds, news, self.score, least / 100).items():
            self._settle(old, new, score)

    def score(self, old: str, new: str) -> float:
        """Return how alike two tasks are, 0 to 1: their own arguments for three parts, their neighbours for one."""
        if not self._has_same_operator(old, new) or bool(self._old.near[old]) != bool(self._new.near[new]):
            return 0
        common, of = common_share(self._old.features(old), self._new.features(new))
        near = self._known(old, new)
        if all(near):
            shared, sharing = len(near[0] & near[1]), len(near[0] | near[1])
            return (3 * common * sharing + shared * of) / (4 * of * sharing) if shared else 0
        return common / of if self._old.features(old) else 0

    def _share(self, old: str, new: str) -> float:
        common, of = common_share(self._old.features(old), self._new.features(new))
        return common / of

    def _has_same_operator(self, old: str, new: str) -> bool:
        return bool(self._old.entries[old]["operator"] == self._new.entries[new]["operator"])

    def _known(self, old: str, new: str) -> tuple[Set[Neighbour], Set[Neighbour]]:
        """Return the neighbours of two tasks that are on both sides, by their new ids."""
        return self._known_old(old), self._known_new(new)

    def _known_old(self, old: str) -> Set[Neighbour]:
        ends = ((end, self._counterpart(one)) for end, one in self._old.near[old])
        return {(end, one) for end, one in ends if one is not None}

    def _known_new(self, new: str) -> Set[Neighbour]:
        return {(end, one) for end, one in self._new.near[new] if one not in self._new.own or one in self._news}


class _Unpaired:
    """The tasks that one side alone has.

    Attributes:
        own: their ids.
        left: those that are not paired yet.
        near: the neighbours of each.
        around: for a neighbour, the tasks that it is `up` or `down` of.
    """

    def __init__(self, entries: Entries, own: Set[str], differing: Iterable[str], defaults: Value) -> None:
        self.entries = entries
        self.own = own
        self.left = set(own)
        self.near: dict[str, set[Neighbour]] = {one: set() for one in own}
        self.around: dict[str, dict[str, set[str]]] = {}
        for one in (*own, *differing):
            for before in entries[one].get("upstream", ()):
                self._meet(one, "up", before)
                self._meet(before, "down", one)
        self._defaults = defaults if isinstance(defaults, dict) else {}
        self._nameless = Names(dict.fromkeys(own, ""))
        self._features: dict[str, Features] = {}
        self._definitions: dict[str, bytes] = {}

    def _meet(self, one: str, end: str, neighbour: str) -> None:
        if one in self.own:
            self.near[one].add((end, neighbour))
            self.around.setdefault(neighbour, defaultdict(set))[end].add(one)

    def definition(self, one: str) -> bytes:
        """Return what a task does, without its id, group and edges, and without the ids that one side alone has."""
        found = self._definitions.get(one)
        if found is None:
            task = self.entries[one]
            said = {name: task[name] for name in _DEFINITION & task.keys()}
            args = task.get("args", {}).items()
            said["args"] = {name: unnamed(value, one) for name, value in args if name not in _SHOWN}
            found = self._definitions[one] = settled_bytes(
                redirected(said, self._nameless) if may_refer(bytes(self.entries.pieces[one])) else said
            )
        return found

    def by_definition(self, ids: Iterable[str]) -> dict[bytes, list[str]]:
        """Return some tasks by their definitions."""
        found: dict[bytes, list[str]] = {}
        for one in ids:
            found.setdefault(self.definition(one), []).append(one)
        return found

    def features(self, one: str) -> Features:
        """Return what a task says beyond the DAG's default_args."""
        found = self._features.get(one)
        if found is None:
            task = self.entries[one]
            said = task.get("args", {}).items()
            args = [(name, _nameless(value, one)) for name, value in said if not self._is_default(name, value)]
            mapping = task.get("mapping", {})
            rest = [("", task[name]) for name in ("code",) if name in task]
            expanded = [*mapping.get("expand", ()), *(("", mapping[name]) for name in mapping if name != "expand")]
            found = self._features[one] = features_of(*args, *expanded, *rest)
        return found

    def _is_default(self, name: str, value: Value) -> bool:
        return name in self._defaults and settled_bytes(self._defaults[name]) == settled_bytes(value)


def _nameless(value: Value, task_id: str) -> Value:
    """Return a function without its name, if that says the task's id once more."""
    found = unnamed(value, task_id)
    return value if found is value else {key: item for key, item in found.items() if key != "name"}


def _joined(old: dict[bytes, list[str]], new: dict[bytes, list[str]]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of equal definitions that are alone with it on both sides."""
    for definition, olds in old.items():
        news = new.get(definition, ())
        if len(olds) == len(news) == 1:
            yield olds[0], news[0]


def _as_features(near: Set[Neighbour]) -> Features:
    return frozenset(crc32(f"{end} {one}".encode()) for end, one in near)
