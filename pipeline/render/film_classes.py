"""FilmClasses: the class map that each frame of a film is painted with, steadied and filled in between key frames.

The stored maps stay as they were found.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.pixel_classes import VOID, PixelClasses

#: A map farther away in time than this says nothing about this one.
NEAR_SECONDS = 0.15
#: Maps to each side that have a say.
_REACH = 2
#: Maps that are held: those that consecutive frames need.
_HELD = 2 * _REACH + 2


def needed_maps(numbers: Sequence[int], start: int, stop: int) -> Sequence[int]:
    """Those of the frames with a map, `numbers`, that the painted maps of frames [start, stop) rest on."""
    return numbers[max(_nearest(numbers, start) - _REACH, 0) : _nearest(numbers, stop - 1) + _REACH + 1]


class FilmClasses:
    """Gives the painted class map of any frame.

    A pixel takes the class that most of five maps give it: its own, and the two to each side, carried along by the
    camera's motion. Its own class stands unless another has more of them, so what lasts a look or two does not shimmer,
    and a pole that the car passes stays. At either end of a scene, or where maps are far apart in time, three or one
    decide. A frame that the network did not look at has the map of the nearest one that it did, of two the earlier.

    seconds : by number, the times of the frames that have a map, in order. read : the map of one of them. motion : the
    camera's into any frame between them, in px of frames of this `size`, (width, height).
    classes : what the maps' numbers mean. steady : False leaves the maps as they were found.
    """

    def __init__(
        self,
        seconds: Mapping[int, float],
        read: Callable[[int], ClassMap],
        motion: Callable[[int], FrameMotion],
        size: tuple[int, int],
        classes: PixelClasses,
        *,
        steady: bool = True,
    ) -> None:
        self.classes = classes
        self._numbers, self._seconds, self._steady = list(seconds), seconds, steady
        self._motion, self._size = motion, size
        self._read = lru_cache(maxsize=_HELD)(read)
        self._steadied = lru_cache(maxsize=_HELD)(self._steadied_map)

    def of(self, frame: int) -> ClassMap:
        """The class map of frame number `frame`."""
        return self._steadied(_nearest(self._numbers, frame))

    def _steadied_map(self, place: int) -> ClassMap:
        own = self._read(self._numbers[place])
        if not self._steady:
            return own
        others: list[ClassMap] = []
        for reach in range(1, _REACH + 1):
            both = [self._carried(place + step, place) for step in (-reach, reach)]
            if any(each is None for each in both):
                break
            others += [each for each in both if each is not None]
        return _voted(own, others)

    def _carried(self, place: int, to: int) -> ClassMap | None:
        """The map of one place as the camera saw it from another; None where it has no say there."""
        if not 0 <= place < len(self._numbers):
            return None
        number, other = self._numbers[place], self._numbers[to]
        found, shape = self._read(number), self._read(other).shape
        first, last = sorted((number, other))
        motions = [self._motion(between) for between in range(first + 1, last + 1)]
        apart = abs(self._seconds[number] - self._seconds[other])
        if apart > NEAR_SECONDS or found.shape != shape or any(motion.cut for motion in motions):
            return None
        matrix = np.eye(3)
        for motion in motions:
            matrix = _whole(motion.matrix) @ matrix
        return carried_map(found, matrix if place < to else _whole(_inverse(matrix)), self._size)


def carried_map(labels: ClassMap, motion: NDArray[np.float64], size: tuple[int, int]) -> ClassMap:
    """The class map of a picture after a motion; VOID comes in from outside.

    motion : [3, 3], in px of a picture of this `size`, (width, height), over which the map lies corner on corner.
    """
    if (motion == np.eye(3)).all():
        return labels
    height, width = labels.shape
    # Pixel 0 has its middle half a pixel from the edge, in the map as in the picture.
    to_px = np.diag([size[0] / width, size[1] / height, 1.0]) @ [[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]]
    matrix = _whole(_inverse(to_px)) @ motion @ to_px
    carried = cv2.warpAffine(
        labels, matrix[:2], (width, height),
        flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=VOID,
    )  # fmt: skip
    return np.asarray(carried, np.uint8)


def _voted(own: ClassMap, others: Sequence[ClassMap]) -> ClassMap:
    """Each pixel's class by the most maps; of classes with as many its own, or else the first.

    VOID has no vote, and where a map says it of its own it stays: nothing is to be seen there.
    """
    argued = np.nonzero(np.any([other != own for other in others], axis=0) & (own != VOID)) if others else ()
    if not argued:
        return own
    ballots = np.stack([each[argued] for each in (own, *others)])
    best, most = ballots[0].copy(), np.sum((ballots == ballots[0]) & (ballots != VOID), axis=0)
    most = np.maximum(most, 1)
    for number in np.setdiff1d(ballots, [VOID]):
        votes = np.sum(ballots == number, axis=0)
        best[votes > most], most = number, np.maximum(votes, most)
    steadied = own.copy()
    steadied[argued] = best
    return steadied


def _whole(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([matrix, [[0.0, 0.0, 1.0]]])


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """[2, 3]; of a motion that squeezes all into a line zeros, and no error."""
    return np.asarray(cv2.invertAffineTransform(np.ascontiguousarray(matrix[:2], np.float64)), np.float64)


def _nearest(numbers: Sequence[int], frame: int) -> int:
    """Place of the number nearest to `frame`, of two the smaller."""
    after = bisect_right(numbers, frame)
    if after in (0, len(numbers)):
        return max(after - 1, 0)
    return after if numbers[after] - frame < frame - numbers[after - 1] else after - 1
