"""A Mask R-CNN behind the `FrameSegmenter` contract: frames in, `Detections` out."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.frames import check_frames, config_class_names, input_size
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.mask_sureness import weighed
from pipeline.model.program import Program, compile_program
from pipeline.structures.detections import Detections
from pipeline.structures.masks import ROI_MASK_SIZE

#: Frame sizes whose programs are kept, each some 100 MB: a folder of pictures has one after the other.
_SIZES = 2


class MaskRCNNPredictor:
    """Runs a network on frames of any size, a fixed number at a time.

    Frames of one size share one compiled program, made when the first of them comes; those of the last few sizes are
    kept. The last batch is filled up with black frames, whose detections are dropped. Callers of several threads take
    turns.

    runtime : what computes it, for records.
    """

    callers = 1

    def __init__(
        self, model: MaskRCNN, batch: int = 1, jit: bool | None = None, runtime: str = "keras"
    ) -> None:
        self.model, self.batch, self.runtime = model, batch, runtime
        self._lock = Lock()

        @lru_cache(maxsize=_SIZES)
        def program(height: int, width: int) -> Program:
            return compile_program(model, (batch, height, width), jit)

        self._program = program
        self._class_ids = np.asarray(model.config.class_ids, np.int32)

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        return config_class_names(self.model.config)

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that it takes a video of this size in."""
        return input_size(self.model.config.input, width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3]; B is any number, also 0."""
        check_frames(frames)
        found: list[Detections] = []
        for start in range(0, len(frames), self.batch):
            with self._lock:
                found.extend(self._segment_batch(frames[start : start + self.batch]))
        return found

    def _segment_batch(self, frames: NDArray[np.uint8]) -> list[Detections]:
        missing = self.batch - len(frames)
        padded = np.pad(frames, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else frames
        outputs = self._program(frames.shape[1], frames.shape[2])(padded)
        return [self._detections(outputs, row) for row in range(len(frames))]

    def _detections(self, outputs: dict[str, NDArray[Any]], row: int) -> Detections:
        valid = outputs["valid"][row]
        found = Detections(
            boxes=outputs["boxes"][row][valid].astype(np.float32),
            scores=outputs["scores"][row][valid].astype(np.float32),
            class_ids=self._class_ids[outputs["class_index"][row][valid]],
            roi_masks=outputs["roi_masks"][row][valid].reshape(-1, ROI_MASK_SIZE, ROI_MASK_SIZE),
        )
        return weighed(found, self.model.config.detection)
