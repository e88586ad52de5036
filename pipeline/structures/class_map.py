"""ClassMap: the class of each pixel of one frame, and the contract of networks that find it."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.pixel_classes import PixelClasses

#: Class numbers uint8 [H, W] of a frame, in the size in which a network saw it.
ClassMap = NDArray[np.uint8]


class PixelClassifier(Protocol):
    """Something that gives each pixel of a frame a class; several threads may call it at the same time."""

    @property
    def classes(self) -> PixelClasses:
        """The classes that the numbers of a class map stand for."""
        ...

    @property
    def runtime(self) -> str:
        """The runtime that computes it, such as `tensorflow 2.21.0 float32`."""
        ...

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that a frame of this size is to be given in: no larger than the network looks at."""
        ...

    def classify(self, frames: NDArray[np.uint8], size: tuple[int, int] | None = None) -> list[ClassMap]:
        """Class map of each frame of uint8 RGB [B, H, W, 3], of `size` (height, width); None: of the frame's own."""
        ...
