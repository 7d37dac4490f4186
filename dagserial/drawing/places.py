"""Hold all that takes room in the columns of a drawing: nodes, edges that pass through, and boxes around them."""

from dataclasses import dataclass, field

ROOT = -1
"""What lies in no box."""


@dataclass(frozen=True, slots=True)
class Nest:
    """The boxes of a drawing by number, and which columns each of them spans.

    Attributes:
        parents: the box that each lies in, or `ROOT`.
        first: the leftmost column of each.
        last: the rightmost column of each.
    """

    parents: list[int]
    first: list[int]
    last: list[int]

    def around(self, box: int) -> list[int]:
        """Return a box and those that it lies in, outwards, without the root."""
        found = []
        while box != ROOT:
            found.append(box)
            box = self.parents[box]
        return found


@dataclass(slots=True)
class Places:
    """All that takes room, by number: first the nodes, then the passages of edges, then what keeps boxes open.

    Attributes:
        columns: the column of each.
        homes: the box that each lies directly in.
        heights: pixels, with the room around it.
        left: those in the column before that an edge joins it with.
        right: those in the column behind.
    """

    columns: list[int]
    homes: list[int]
    heights: list[int]
    left: list[list[int]] = field(default_factory=list)
    right: list[list[int]] = field(default_factory=list)

    def add(self, column: int, home: int, height: int) -> int:
        """Make room for one more, and return its number."""
        self.columns.append(column)
        self.homes.append(home)
        self.heights.append(height)
        self.left.append([])
        self.right.append([])
        return len(self.columns) - 1

    def join(self, before: int, after: int) -> None:
        """Say that an edge leads from one place to one in the next column."""
        if after not in self.right[before][-1:]:
            self.right[before].append(after)
            self.left[after].append(before)

    def layers(self) -> list[list[int]]:
        """Return the places of each column."""
        found: list[list[int]] = [[] for _ in range(max(self.columns, default=-1) + 1)]
        for place, column in enumerate(self.columns):
            found[column].append(place)
        return found


def nested(parents: list[int], homes: list[int], columns: list[int]) -> Nest:
    """Return which columns each box spans, by where its nodes stand."""
    far = max(columns, default=0) + 1
    nest = Nest(parents, [far] * len(parents), [-1] * len(parents))
    for home, column in zip(homes, columns, strict=True):
        for box in nest.around(home):
            nest.first[box] = min(nest.first[box], column)
            nest.last[box] = max(nest.last[box], column)
    return nest


def keep_open(places: Places, nest: Nest) -> None:
    """Make each box take room in every column that it spans, also where nothing of it stands."""
    taken: set[tuple[int, int]] = set()
    for home, column in zip(places.homes, places.columns, strict=True):
        taken.update((box, column) for box in nest.around(home))
    for box in sorted(range(len(nest.parents)), key=lambda one: -len(nest.around(one))):
        for column in range(nest.first[box], nest.last[box] + 1):
            if (box, column) not in taken:
                places.add(column, box, 0)
                taken.update((outer, column) for outer in nest.around(box))
