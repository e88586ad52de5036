"""A Mask R-CNN in stages behind the `FrameSegmenter` contract."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from fractions import Fraction
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from pipeline.model.anchors import pyramid_anchors
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.frames import check_frames, config_class_names, input_size
from pipeline.model.geometry import Geometry, fit
from pipeline.model.mask_sureness import weighed
from pipeline.model.preprocess import preprocess_into
from pipeline.model.samples import Samples, pixel_samples, sample_regions
from pipeline.model.staged.choose import detect, propose
from pipeline.model.staged.compiled import CompiledStages, StageRequests
from pipeline.model.staged.shapes import StageShapes
from pipeline.structures.detections import Detections

Canvas = tuple[int, int]

#: Canvases whose programs are kept: a video needs one, a folder of pictures one after the other.
_CANVASES = 2


class StagedPredictor:
    """Runs a network's stages on frames of any size, one at a time for each caller; several threads may call.

    config : the network's. compiled : makes the stages for a canvas (height, width). runtime : that computes them.
    callers : how many threads may usefully call at the same time.
    """

    batch = 1

    def __init__(
        self, config: MaskRCNNConfig, compiled: Callable[[Canvas], CompiledStages], runtime: str, callers: int
    ) -> None:
        self.config, self.runtime, self.callers = config, runtime, callers
        self._compiled = functools.lru_cache(maxsize=_CANVASES)(compiled)
        self._lock = Lock()

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        return config_class_names(self.config)

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that it takes a video of this size in."""
        return input_size(self.config.input, width, height, sample_aspect)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3]; B is any number, also 0."""
        check_frames(frames)
        geometry = fit(frames.shape[1], frames.shape[2], self.config.input)
        if not len(frames):
            return []
        with self._stages(geometry.canvas).requests() as stages:
            return [segment_frame(frame, geometry, self.config, stages) for frame in frames]

    def _stages(self, canvas: Canvas) -> CompiledStages:
        with self._lock:  # a program is made once, whoever asks
            return self._compiled(canvas)


def segment_frame(
    frame: NDArray[np.uint8], geometry: Geometry, config: MaskRCNNConfig, stages: StageRequests
) -> Detections:
    """The algorithm, one line a step, as `MaskRCNN.call` has it for a whole program."""
    preprocess_into(stages.canvas, frame, geometry, config.input)
    return detections_of(*stages.dense(), geometry, config, stages)


def detections_of(
    logits: NDArray[np.float32],
    offsets: NDArray[np.float32],
    geometry: Geometry,
    config: MaskRCNNConfig,
    stages: StageRequests,
) -> Detections:
    """The steps behind `StageRequests.dense`, of which the first two are what it found."""
    proposals = proposals_of(logits, offsets, geometry, config)
    class_logits, offsets = stages.boxes(_samples(proposals, config.box_head.pool, geometry, config))
    window = geometry.window(config.inclusive_corners)
    found = detect(class_logits, offsets, proposals, window, config)
    size = config.mask_head.pool
    pixels = pixel_samples(found.boxes[None], 2 * size, geometry.canvas) if config.mask_head.detail else None
    masks = stages.masks(_samples(found.boxes, size, geometry, config), found.class_index, pixels)
    detections = Detections(
        boxes=geometry.to_frame(found.boxes, config.inclusive_corners, config.detection.whole_pixels),
        scores=found.scores,
        class_ids=np.asarray(config.class_ids, np.int32)[found.class_index],
        roi_masks=masks,
    )
    return weighed(detections, config.detection)


_anchors = functools.lru_cache(maxsize=4)(pyramid_anchors)


def proposals_of(
    logits: NDArray[np.float32], offsets: NDArray[np.float32], geometry: Geometry, config: MaskRCNNConfig
) -> NDArray[np.float32]:
    """Proposals float32 [n, 4] on the canvas out of what `StageRequests.dense` found, all levels after each other."""
    anchors = _anchors(geometry.canvas, config.fpn.levels, config.anchors, config.inclusive_corners)
    ends = np.cumsum([len(level) for level in anchors])[:-1]
    window = geometry.proposal_window(config.inclusive_corners)
    return propose(np.split(logits, ends), np.split(offsets, ends), anchors, window, config)


def _samples(boxes: NDArray[np.float32], size: int, geometry: Geometry, config: MaskRCNNConfig) -> Samples:
    shapes, levels = StageShapes.of(config, geometry.canvas), config.fpn.pooled_levels
    return sample_regions(
        boxes[None], levels, shapes.grids, size, shapes.canvas, config.roi_align, config.inclusive_corners
    )
