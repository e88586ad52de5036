"""A labelled picture, before it is augmented for training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Instance:
    """One labelled object or region.

    category : COCO category id, or that of a pseudo-class.
    box : float32 [4], x1, y1, x2, y2 px.
    ignored : counts as neither right nor wrong: a crowd, a group, an object too small to be judged.
    mask : uint8 [h, w], 0 or 1, of the pixels from `corner` on; None if only the box is known.
    corner : x and y of the mask's first pixel.
    """

    category: int
    box: NDArray[np.float32]
    ignored: bool = False
    mask: NDArray[np.uint8] | None = None
    corner: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if self.box.shape != (4,):
            raise ValueError(f"box: expected [4], found {list(self.box.shape)}")
        if self.mask is not None and (self.mask.ndim != 2 or 0 in self.mask.shape):
            raise ValueError(f"mask: expected [h, w] with pixels in it, found {list(self.mask.shape)}")


@dataclass(frozen=True)
class LabelledPicture:
    """Pixels uint8 RGB [H, W, 3], the instances on them, and the category ids that are labelled exhaustively."""

    pixels: NDArray[np.uint8]
    instances: tuple[Instance, ...]
    scope: frozenset[int]


def cropped(category: int, mask: NDArray[np.uint8], ignored: bool = False) -> Instance | None:
    """The instance of a mask uint8 [H, W] of a whole picture, cropped to its bounds; None if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows) == 0:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    box = np.array([left, top, right, bottom], np.float32)
    return Instance(category, box, ignored, mask[top:bottom, left:right].astype(np.uint8), (left, top))
