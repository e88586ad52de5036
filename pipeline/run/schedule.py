"""Schedule: the order in which products can be made, given what they need."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from pipeline.run.passes import Key


class Schedule:
    """The products that are still to be made, handed out once everything they need exists.

    todo : the products. needs : what each of them needs; what is not in `todo` exists already.
    """

    def __init__(self, todo: Sequence[Key], needs: Callable[[Key], Iterable[Key]]) -> None:
        wanted = set(todo)
        self._open: dict[Key, int] = {}
        self._followers: dict[Key, list[Key]] = defaultdict(list)
        self._ready: dict[str, list[tuple[int, Key]]] = defaultdict(list)
        self.left = len(wanted)
        for key in todo:
            before = wanted.intersection(needs(key))
            self._open[key] = len(before)
            for other in before:
                self._followers[other].append(key)
            if not before:
                self.put_back(key)

    def next(self, name: str) -> Key | None:
        """The earliest product of this pass that can be made now; it is handed out once."""
        return heapq.heappop(self._ready[name])[1] if self._ready[name] else None

    def has_ready(self, name: str) -> bool:
        """True if `next` would give a product of this pass."""
        return bool(self._ready[name])

    def put_back(self, key: Key) -> None:
        """Make the product available again, because it was not made."""
        heapq.heappush(self._ready[key[0]], (-1 if key[1] is None else key[1], key))

    def done(self, key: Key) -> None:
        """Release the products that have waited for this one."""
        self.left -= 1
        for follower in self._followers.pop(key, ()):
            self._open[follower] -= 1
            if self._open[follower] == 0:
                self.put_back(follower)
