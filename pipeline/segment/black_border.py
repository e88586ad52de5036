"""The black border of a picture, in which no class is to be seen: bars beside or above a film of another shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID

#: The brightest of a bar, of 255: bars of H.264 films reach 8 beside the picture, and those whose black is taken for
#: full range have 16.
_BLACK = 16

#: Brightest less darkest of a line of a bar. A dark picture, as under a bridge, is less even: 6 and more.
_EVEN = 4

#: Lines beside the picture that its own codec makes less even: those of a macroblock.
_RINGING = 16


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
    """Lines of [N, M, 3] at either end that show nothing."""
    if min(lines[0].max(), lines[-1].max()) > _BLACK:  # as most pictures, which then cost next to nothing
        return 0, 0
    brightest = lines.max(axis=(1, 2))
    dark = brightest <= _BLACK
    even = dark & (brightest - lines.min(axis=(1, 2)) <= _EVEN)
    return _bar(dark, even), _bar(dark[::-1], even[::-1])


def _bar(dark: NDArray[np.bool_], even: NDArray[np.bool_]) -> int:
    """Lines of a bar, with the one beside it, which is half of it; bool [N] from the edge inwards."""
    bar = _leading(even)
    if not bar:
        return 0
    return min(_leading(dark), bar + _RINGING) + 1


def _leading(lines: NDArray[np.bool_]) -> int:
    return len(lines) if lines.all() else int(lines.argmin())
