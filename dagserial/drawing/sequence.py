"""Order the places of each column so that few edges cross, and those of a box stand together."""

from bisect import bisect_right, insort
from collections.abc import Iterable

from dagserial.drawing.places import Nest, Places

_ROUNDS = 12
"""Sweeps to the right and back; more make few crossings fewer."""
_PATIENCE = 4
"""Rounds without fewer crossings after which it stops."""

_SWITCHES = 10
"""How often all neighbours of a column are tried in the other order."""

Key = tuple[float, ...]


class Sequence:
    """The order of places in their columns while it is being improved.

    Attributes:
        layers: the places of each column, from top to bottom.
        keys: of each place: where it stands among its siblings; those of one column are in order of them.
        box_keys: the same of each box. All columns agree on the order of boxes.
    """

    def __init__(self, places: Places, nest: Nest) -> None:
        """Start with the order in which a walk along the edges meets the places."""
        self._places, self._nest = places, nest
        self.layers = _met(places)
        self._at = [0.0] * len(places.columns)
        for layer in self.layers:
            self._set(layer)
        self.keys = list(self._at)
        self.box_keys = [0.0] * len(nest.parents)
        self._lead: list[Key] = []
        self._inside = _inside(places, nest)

    def improve(self) -> None:
        """Sweep until crossings become no fewer, keep the best, then change places side by side."""
        best, kept, waited = -1, self._kept(), 0
        for _ in range(_ROUNDS):
            self._sweep(self.layers, self._places.left)
            self._sweep(self.layers[::-1], self._places.right)
            found = crossings(self.layers, self._at, self._places.right)
            waited += 1
            if best < 0 or found < best:
                best, kept, waited = found, self._kept(), 0
            if waited >= _PATIENCE or not best:
                break
        self.layers, self.keys, self.box_keys = kept
        for layer in self.layers:
            self._set(layer)
        for _ in range(_SWITCHES):
            if not sum([self._switch(layer) for layer in self.layers]):
                break

    def _kept(self) -> tuple[list[list[int]], list[float], list[float]]:
        return [list(layer) for layer in self.layers], list(self.keys), list(self.box_keys)

    def _switch(self, layer: list[int]) -> int:
        """Change the order of two that stand side by side wherever that makes crossings fewer; return how often."""
        homes, at, keys = self._places.homes, self._at, self.keys
        sides = self._places.left, self._places.right
        changed = 0
        for number in range(len(layer) - 1):
            above, below = layer[number], layer[number + 1]
            if homes[above] != homes[below]:
                continue
            gain = 0
            for side in sides:
                for one in side[above]:
                    place = at[one]
                    for other in side[below]:
                        gain += (place > at[other]) - (place < at[other])
            if gain > 0:
                layer[number], layer[number + 1] = below, above
                at[above], at[below] = at[below], at[above]
                keys[above], keys[below] = keys[below], keys[above]
                changed += 1
        return changed

    def _sweep(self, layers: Iterable[list[int]], neighbours: list[list[int]]) -> None:
        """Order each column by the mean place of its neighbours in the one before it."""
        at, keys, homes = self._at, self.keys, self._places.homes
        self._place_boxes()
        for layer in layers:
            for place in layer:
                near = neighbours[place]
                if len(near) == 1:
                    keys[place] = at[near[0]]
                else:
                    keys[place] = sum([at[one] for one in near]) / len(near) if near else at[place]
            if self._lead:
                layer.sort(key=lambda place: (*self._lead[homes[place]], keys[place], 1))
            else:
                layer.sort(key=keys.__getitem__)  # places of one key keep the order that they had
            self._set(layer)

    def _place_boxes(self) -> None:
        """Give each box the mean place of what lies in it, and each home the keys that lead to what lies in it."""
        if not self._nest.parents:
            return
        for box, inside in enumerate(self._inside):
            self.box_keys[box] = sum([self._at[place] for place in inside]) / max(len(inside), 1)
        lead: list[Key] = []
        for box in range(len(self._nest.parents)):
            outwards = self._nest.around(box)
            lead.append(tuple(key for one in outwards[::-1] for key in (self.box_keys[one], 0, one)))
        self._lead = [*lead, ()]  # the last is that of ROOT, -1

    def _set(self, layer: list[int]) -> None:
        middle = (len(layer) - 1) / 2
        for number, place in enumerate(layer):
            self._at[place] = number - middle


def _inside(places: Places, nest: Nest) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in nest.parents]
    for place, home in enumerate(places.homes):
        for box in nest.around(home):
            found[box].append(place)
    return found


def _met(places: Places) -> list[list[int]]:
    """Return the columns, each in the order in which a walk to the right from what begins meets its places."""
    layers: list[list[int]] = [[] for _ in range(max(places.columns, default=-1) + 1)]
    met = [False] * len(places.columns)
    starts = sorted(range(len(met)), key=lambda place: (bool(places.left[place]), places.columns[place], place))
    walk = starts[::-1]
    while walk:
        place = walk.pop()
        if not met[place]:
            met[place] = True
            layers[places.columns[place]].append(place)
            walk += reversed(places.right[place])
    return layers


def crossings(layers: Iterable[list[int]], at: list[float], right: list[list[int]]) -> int:
    """Return how many pairs of edges cross between columns that follow each other."""
    total = 0
    for layer in layers:
        ends: list[float] = []
        for place in layer:
            heads = sorted([at[head] for head in right[place]])
            for end in heads:
                total += len(ends) - bisect_right(ends, end)
            for end in heads:
                insort(ends, end)
    return total
