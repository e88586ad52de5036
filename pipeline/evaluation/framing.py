"""A picture as the network takes it, so that a set of many sizes needs one compiled program and not one a size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.model.geometry import Geometry, fit
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter

#: ImageNet's mean colour in whole numbers: what normalises to almost 0, with which the network itself pads.
_PADDING = (124, 116, 104)


def segment_picture(network: FrameSegmenter, pixels: NDArray[np.uint8]) -> Detections:
    """Detections of uint8 RGB [H, W, 3], boxes in its own px.

    A network that letterboxes is given its canvas. A program for another size takes seconds to compile and 100 MB;
    the result differs by the rounding of resized pixels alone, which decoding a video to that size rounds as well.
    """
    geometry = _canvas_geometry(network, *pixels.shape[:2])
    if geometry is None:
        return network.segment(pixels[None])[0]
    (found,) = network.segment(_on_canvas(pixels, geometry)[None])
    (top, left), (height, width) = geometry.offset, geometry.resized
    boxes = found.boxes - np.array([left, top, left, top], np.float32)
    moved = Detections(boxes, found.scores, found.class_ids, found.roi_masks)
    return moved.scaled(geometry.frame[1] / width, geometry.frame[0] / height)


def _canvas_geometry(network: FrameSegmenter, height: int, width: int) -> Geometry | None:
    """Where the picture lies on the canvas; None for a network that has not one canvas for all."""
    if not isinstance(network, MaskRCNNPredictor) or network.model.config.input.resize != "letterbox":
        return None
    return fit(height, width, network.model.config.input)


def _on_canvas(pixels: NDArray[np.uint8], geometry: Geometry) -> NDArray[np.uint8]:
    canvas = np.full((*geometry.canvas, 3), _PADDING, np.uint8)
    (top, left), (height, width) = geometry.offset, geometry.resized
    # The network's own bilinear resize takes no mean when it shrinks; a decoder that shrinks does.
    way = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_LINEAR
    canvas[top : top + height, left : left + width] = cv2.resize(pixels, (width, height), interpolation=way)
    return canvas
