"""Runs a network over labelled pictures, each as `seg-video` gives it a picture."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.classes import same_names
from pipeline.evaluation.found import Found, found_in
from pipeline.labels.read_pixels import read_pixels
from pipeline.labels.truth import Truth
from pipeline.segment.shrink import shrunk
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter

#: Told how many pictures are done, and of how many.
Counted = Callable[[int, int], None]


def segment_labelled(network: FrameSegmenter, truth: Truth, min_score: float, report: Counted) -> list[Found]:
    """The detections of the network in each picture, in the labels' categories.

    Raises InputError where a picture cannot be read, or has another size than its labels say.
    """
    categories = same_names(network.class_names, truth.names)
    found: dict[int, Found] = {}
    sizes = [(picture.height, picture.width) for picture in truth.pictures]
    for place in sorted(range(len(sizes)), key=sizes.__getitem__):
        report(len(found), len(sizes))
        detections = segment_picture(network, read_pixels(truth.pictures[place]))
        found[place] = found_in(detections, sizes[place], categories, min_score)
    report(len(found), len(sizes))
    return [found[place] for place in range(len(sizes))]


def segment_picture(network: FrameSegmenter, pixels: NDArray[np.uint8]) -> Detections:
    """Detections of uint8 RGB [H, W, 3], boxes in its own px.

    A large picture is shrunk before, as for `seg-video` on pictures: what is measured is what those get.
    """
    height, width = pixels.shape[:2]
    wide, tall = network.input_size(width, height, None)
    (found,) = network.segment(shrunk(pixels, wide, tall)[None])
    return found.scaled(width / wide, height / tall)
