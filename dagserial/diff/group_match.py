"""Find the task groups that have another id on the other side, by the tasks in them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from dagserial.diff.entries import Entries, Sides
from dagserial.diff.likeness import best_first
from dagserial.diff.matching import Rename
from dagserial.model import Value


def match_groups(
    groups: Sides, tasks: Sides, pairs: Iterable[tuple[str, str]], declared: Iterable[tuple[str, str]], least: int
) -> list[Rename]:
    """Return the groups that were renamed; their likeness is the share of their tasks that came along.

    A task comes along if it has the same id within the group, or the same id at all. Of groups that share as many
    tasks with two others, none is paired.

    Args:
        pairs: old and new id of tasks that are the same.
        declared: groups that are known to be the same.
        least: percent of the tasks that have to come along.
    """
    votes: Counter[tuple[str, str]] = Counter()
    for old, new in pairs:
        chains = (around(tasks.old[old], groups.old), around(tasks.new[new], groups.new))
        for before, after in zip(*chains, strict=False):
            if before in groups.gone and after in groups.come and within(before, old) == within(after, new):
                votes[before, after] += 1
    sizes = (
        Counter(group for one in (*tasks.gone, *tasks.differing) for group in around(tasks.old[one], groups.old)),
        Counter(group for one in (*tasks.come, *tasks.differing) for group in around(tasks.new[one], groups.new)),
    )
    shares = {pair: count / max(sizes[0][pair[0]], sizes[1][pair[1]]) for pair, count in votes.items()}
    found = [Rename(*pair, int(shares.get(pair, 0) * 100), declared=True) for pair in declared]
    taken = {one for rename in found for one in (rename.old, rename.new)}
    scored = [(at, *pair) for pair, at in shares.items() if at * 100 >= least and taken.isdisjoint(pair)]
    return found + [Rename(old, new, int(at * 100)) for old, (new, at) in best_first(scored).items()]


def within(group_id: str, one: str) -> str:
    """Return the id that a task or a group has within a group which gives it its name; its id if that does not."""
    return one.removeprefix(f"{group_id}.")


def beneath(group_id: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the ids to which a group gives its name, by what follows it."""
    lead = f"{group_id}."
    return {one[len(lead) :]: one for one in ids if one.startswith(lead)}


def siblings(pair: tuple[str, str], tasks: Sides) -> Iterator[tuple[str, str]]:
    """Yield the tasks of one side alone that have the same id within two groups."""
    news = beneath(pair[1], tasks.come)
    yield from ((old, news[at]) for at, old in beneath(pair[0], tasks.gone).items() if at in news)


def comes_with(rename: Rename, renamed: Iterable[Rename]) -> bool:
    """Tell whether a rename is no other than that of one of the groups around it, which gives its name to both ids."""
    for group in renamed:
        before, after = f"{group.old}.", f"{group.new}."
        if rename.old.startswith(before) and after + rename.old.removeprefix(before) == rename.new:
            return True
    return False


def around(entry: Mapping[str, Value], groups: Entries, field: str = "group") -> list[str]:
    """Return the groups that something lies in, from the innermost out.

    Args:
        field: where a task says its group, or `parent`, where a group does.
    """
    found: list[str] = []
    at: Value = entry.get(field)
    while at is not None and at in groups and at not in found:
        found.append(at)
        at = groups[at].get("parent")
    return found
