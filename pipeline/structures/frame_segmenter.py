"""The contract every network is used through, whatever framework or file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections


class FrameSegmenter(Protocol):
    """Something that finds objects in frames; several threads may call it at the same time."""

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        ...

    @property
    def runtime(self) -> str:
        """The runtime that computes it, such as `openvino 2026.4.1 bfloat16`; another differs at the margin."""
        ...

    @property
    def batch(self) -> int:
        """Number of frames that it is best given at a time."""
        ...

    @property
    def callers(self) -> int:
        """Number of threads that may usefully call `segment` at the same time."""
        ...

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that a video of this size is to be decoded to: no larger than the network looks at."""
        ...

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames."""
        ...
