"""A Mask R-CNN behind the `FrameSegmenter` contract: frames in, `Detections` out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.program import Program, compile_program
from pipeline.structures.detections import Detections
from pipeline.structures.masks import ROI_MASK_SIZE


class MaskRCNNPredictor:
    """Runs a network on frames of any size, a fixed number at a time.

    Frames of one size share one compiled program, made when the first of them comes. The last batch is filled up
    with black frames, whose detections are dropped.
    """

    def __init__(self, model: MaskRCNN, batch: int = 1, jit: bool | None = None) -> None:
        self.model, self.batch, self.jit = model, batch, jit
        self._programs: dict[tuple[int, int], Program] = {}
        self._class_ids = np.asarray(model.config.class_ids, np.int32)

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        config = self.model.config
        return dict(zip(config.class_ids[1:], config.classes[1:], strict=True))

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3]; B is any number, also 0."""
        if frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape[1:]:
            raise ValueError(
                f"frames: expected uint8 [B, H, W, 3], found {frames.dtype} {list(frames.shape)}"
            )
        found: list[Detections] = []
        for start in range(0, len(frames), self.batch):
            found.extend(self._segment_batch(frames[start : start + self.batch]))
        return found

    def _segment_batch(self, frames: NDArray[np.uint8]) -> list[Detections]:
        missing = self.batch - len(frames)
        padded = np.pad(frames, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else frames
        outputs = self._program(frames.shape[1], frames.shape[2])(padded)
        return [self._detections(outputs, row) for row in range(len(frames))]

    def _program(self, height: int, width: int) -> Program:
        if (height, width) not in self._programs:
            self._programs[height, width] = compile_program(self.model, (self.batch, height, width), self.jit)
        return self._programs[height, width]

    def _detections(self, outputs: dict[str, NDArray[Any]], row: int) -> Detections:
        valid = outputs["valid"][row]
        return Detections(
            boxes=outputs["boxes"][row][valid].astype(np.float32),
            scores=outputs["scores"][row][valid].astype(np.float32),
            class_ids=self._class_ids[outputs["class_index"][row][valid]],
            roi_masks=outputs["roi_masks"][row][valid].reshape(-1, ROI_MASK_SIZE, ROI_MASK_SIZE),
        )
