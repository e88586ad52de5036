"""The black border of a picture, in which no class is to be seen: bars beside or above a film of another shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID

#: The brightest of a line that is black, of 255: bars of H.264 films reach 8 beside the picture, and those whose black
#: is taken for full range have 16.
_BLACK = 16


def without_black_border(class_map: ClassMap, rgb: NDArray[np.uint8]) -> ClassMap:
    """The class map with VOID where whole rows or columns are black, from the picture's edges inwards.

    A network names classes there as well, and others in the next frame.

    class_map : uint8 [h, w], over the whole picture. rgb : uint8 [H, W, 3].
    """
    dark = [_border(np.moveaxis(rgb, axis, 0)) for axis in (0, 1)]
    if not any(map(any, dark)):
        return class_map
    kept = np.full_like(class_map, VOID)
    inside = tuple(
        slice(round(before * cells / pixels), cells - round(after * cells / pixels))
        for (before, after), cells, pixels in zip(dark, class_map.shape, rgb.shape[:2], strict=True)
    )
    kept[inside] = class_map[inside]
    return kept


def _border(lines: NDArray[np.uint8]) -> tuple[int, int]:
    """Lines of [N, M, 3] that show nothing at either end: those that are black, and one more, which is half of it."""
    if min(lines[0].max(), lines[-1].max()) > _BLACK:  # as most pictures, which then cost next to nothing
        return 0, 0
    seen = np.flatnonzero(lines.max(axis=(1, 2)) > _BLACK)
    if not len(seen):
        return len(lines), 0
    before, after = int(seen[0]), len(lines) - 1 - int(seen[-1])
    return before + (before > 0), after + (after > 0)
