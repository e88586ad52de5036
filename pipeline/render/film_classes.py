"""FilmClasses: the class map that each frame of a film is painted with, steadied and filled in between key frames.

The stored maps stay as they were found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import PixelClasses

#: A map farther away in time than this says nothing about this one.
NEAR_SECONDS = 0.15
#: Maps that are held: those that consecutive frames need.
_HELD = 4


def needed_maps(numbers: Sequence[int], start: int, stop: int) -> Sequence[int]:
    """Those of the frames with a map, `numbers`, that the painted maps of frames [start, stop) rest on."""
    return numbers[max(_nearest(numbers, start) - 1, 0) : _nearest(numbers, stop - 1) + 2]


class FilmClasses:
    """Gives the painted class map of any frame.

    A pixel on which the maps just before and just after agree takes their class: what lasts a single look shimmers.
    A frame that the network did not look at has the map of the nearest one that it did, of two the earlier.

    seconds : by number, the times of the frames that have a map, in order. read : the map of one of them.
    classes : what the maps' numbers mean. steady : False leaves the maps as they were found.
    """

    def __init__(
        self,
        seconds: Mapping[int, float],
        read: Callable[[int], ClassMap],
        classes: PixelClasses,
        *,
        steady: bool = True,
    ) -> None:
        self.classes = classes
        self._numbers, self._seconds, self._steady = list(seconds), seconds, steady
        self._read = lru_cache(maxsize=_HELD)(read)
        self._steadied = lru_cache(maxsize=_HELD)(self._steadied_map)

    def of(self, frame: int) -> ClassMap:
        """The class map of frame number `frame`."""
        return self._steadied(_nearest(self._numbers, frame))

    def _steadied_map(self, place: int) -> ClassMap:
        number = self._numbers[place]
        own = self._read(number)
        around = self._numbers[max(place - 1, 0) : place + 2]
        apart = max(abs(self._seconds[other] - self._seconds[number]) for other in around)
        if not self._steady or len(around) < 3 or apart > NEAR_SECONDS:
            return own
        before, after = self._read(around[0]), self._read(around[2])
        if before.shape != own.shape or after.shape != own.shape:
            return own
        return np.where(before == after, before, own)


def _nearest(numbers: Sequence[int], frame: int) -> int:
    """Place of the number nearest to `frame`, of two the smaller."""
    after = bisect_right(numbers, frame)
    if after in (0, len(numbers)):
        return max(after - 1, 0)
    return after if numbers[after] - frame < frame - numbers[after - 1] else after - 1
