"""A detection network that came as a TensorFlow graph: what it takes, and a call that gives its outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What every instance segmentation network of the TensorFlow zoo returns, by the names it has there.
#: Boxes [B, N, 4] are y1, x1, y2, x2 in fractions of the frame; masks [B, N, h, w] probabilities.
OUTPUTS = ("detection_boxes", "detection_scores", "detection_classes", "detection_masks", "num_detections")
#: Element types of frames that such a network may ask for; values are 0..255 in either.
FRAME_TYPES = ("uint8", "float32")


@dataclass(frozen=True)
class DetectionGraph:
    """A loaded graph.

    call : frames [B, H, W, 3] of `frame_type` -> OUTPUTS by name.
    frame_type : one of FRAME_TYPES.
    batch, height, width : the only size it takes, None where any will do.
    """

    call: Callable[[NDArray[Any]], Mapping[str, NDArray[Any]]]
    frame_type: str
    batch: int | None
    height: int | None
    width: int | None

    def outputs(self, frames: NDArray[np.uint8], batch: int) -> list[dict[str, NDArray[Any]]]:
        """OUTPUTS of each frame of uint8 [B, H, W, 3], for any B.

        It is called as often as needed with `batch` frames, or as many as it takes, the last time with its last frame
        repeated: the last bits of a dense layer depend on their number, though not on what the others show.
        """
        step = self.batch or batch
        found: list[dict[str, NDArray[Any]]] = []
        for start in range(0, len(frames), step):
            part = frames[start : start + step]
            full = part[np.minimum(np.arange(step), len(part) - 1)]
            outputs = self.call(full.astype(self.frame_type, copy=False))
            found += [{name: outputs[name][row] for name in OUTPUTS} for row in range(len(part))]
        return found
