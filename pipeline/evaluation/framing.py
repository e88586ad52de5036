"""A picture as the network takes it, so that a set of many sizes needs no compiled program for each."""

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


class PictureSegmenter:
    """A network on single pictures of many sizes.

    A program for one size takes seconds to compile and 100 MB. So a network that letterboxes is given its canvas for
    every picture; resized pixels are then rounded, as a decoder rounds them. Of any other network only the program
    of the last size is kept: give it pictures of one size after the other.
    """

    def __init__(self, network: FrameSegmenter) -> None:
        self._network = network
        self._size = (0, 0)

    def segment(self, pixels: NDArray[np.uint8]) -> Detections:
        """Detections of uint8 RGB [H, W, 3], boxes in its own px."""
        network, size = self._network, (pixels.shape[0], pixels.shape[1])
        if not isinstance(network, MaskRCNNPredictor):
            return network.segment(pixels[None])[0]
        if network.model.config.input.resize == "letterbox":
            return _segment_on_canvas(network, pixels, fit(*size, network.model.config.input))
        if size != self._size:
            self._network = network = MaskRCNNPredictor(network.model, network.batch, network.jit)
            self._size = size
        return network.segment(pixels[None])[0]


def _segment_on_canvas(network: FrameSegmenter, pixels: NDArray[np.uint8], geometry: Geometry) -> Detections:
    canvas = np.full((*geometry.canvas, 3), _PADDING, np.uint8)
    (top, left), (height, width) = geometry.offset, geometry.resized
    # The network's own bilinear resize takes no mean when it shrinks; a decoder that shrinks does.
    way = cv2.INTER_AREA if height < pixels.shape[0] else cv2.INTER_LINEAR
    canvas[top : top + height, left : left + width] = cv2.resize(pixels, (width, height), interpolation=way)
    (found,) = network.segment(canvas[None])
    boxes = found.boxes - np.array([left, top, left, top], np.float32)
    moved = Detections(boxes, found.scores, found.class_ids, found.roi_masks)
    return moved.scaled(geometry.frame[1] / width, geometry.frame[0] / height)
