"""Running a network over labelled pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.evaluation.found import Found, found_in
from pipeline.evaluation.framing import PictureSegmenter
from pipeline.evaluation.truth import TruePicture, Truth
from pipeline.structures.frame_segmenter import FrameSegmenter

#: Told how many pictures are done, and of how many.
Progress = Callable[[int, int], None]


def segment_pictures(
    network: FrameSegmenter, truth: Truth, min_score: float, report: Progress
) -> list[Found]:
    """What the network finds in each picture, in the labels' categories.

    Raises InputError where a picture cannot be read, or has another size than its labels say.
    """
    categories = same_names(network.class_names, truth.names)
    segmenter = PictureSegmenter(network)
    found: dict[int, Found] = {}
    sizes = [(picture.height, picture.width) for picture in truth.pictures]
    for place in sorted(range(len(sizes)), key=sizes.__getitem__):
        report(len(found), len(sizes))
        detections = segmenter.segment(read_pixels(truth.pictures[place]))
        found[place] = found_in(detections, sizes[place], categories, min_score)
    report(len(found), len(sizes))
    return [found[place] for place in range(len(sizes))]


def same_names(ours: Mapping[int, str], theirs: Mapping[int, str]) -> dict[int, int]:
    """The category of the labels `theirs` that has the name of a class id of `ours`."""
    ids = {name: category for category, name in theirs.items()}
    return {class_id: ids[name] for class_id, name in ours.items() if name in ids}


def read_pixels(picture: TruePicture) -> NDArray[np.uint8]:
    """uint8 RGB [H, W, 3] of a picture. Raises InputError where it is not what its labels describe."""
    pixels = cv2.imread(str(picture.file), cv2.IMREAD_COLOR)
    if pixels is None or pixels.shape[:2] != (picture.height, picture.width):
        raise InputError(
            f"{picture.file} is not the picture that its labels describe",
            found="no picture" if pixels is None else f"{pixels.shape[1]}x{pixels.shape[0]} px",
            do=f"put the file of {picture.width}x{picture.height} px there",
        )
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8)
