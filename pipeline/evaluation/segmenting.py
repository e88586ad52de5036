"""Running a network over labelled pictures."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.evaluation.classes import same_names
from pipeline.evaluation.found import Found, found_in
from pipeline.evaluation.segment_picture import segment_picture
from pipeline.labels.read_pixels import read_pixels
from pipeline.labels.truth import Truth
from pipeline.structures.frame_segmenter import FrameSegmenter

#: Told how many pictures are done, and of how many.
Counted = Callable[[int, int], None]


def segment_pictures(network: FrameSegmenter, truth: Truth, min_score: float, report: Counted) -> list[Found]:
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
