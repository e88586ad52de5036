from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np

from pipeline.evaluation.segmenting import segment_labelled
from pipeline.labels.truth import TruePicture, Truth
from tests.evaluation.made import detections


class Corner:
    """Finds one car as large as the frame's upper left pixel is bright."""

    class_names: ClassVar = {7: "car", 9: "kite"}

    def __init__(self):
        self.shapes = []

    def input_size(self, width, height, sample_aspect):
        return width, height

    def segment(self, frames):
        self.shapes.append(frames.shape[1:3])
        side = int(frames[0, 0, 0, 0])
        return [detections(((0, 0, side, side), 0.9, 7), ((0, 0, 9, 9), 0.95, 9))]


def test_pictures_of_one_size_follow_each_other_and_results_keep_the_labels_order(tmp_path):
    pictures = []
    for number, size in enumerate([(60, 80), (40, 50), (60, 80)]):
        file = tmp_path / f"{number}.png"
        cv2.imwrite(str(file), np.full((*size, 3), 20 + number, np.uint8))
        pictures.append(TruePicture(file.name, *size, (), frozenset({3}), file))
    network, told = Corner(), []
    found = segment_labelled(
        network, Truth(tuple(pictures), {3: "car"}), 0.02, lambda *counts: told.append(counts)
    )
    assert network.shapes == [(40, 50), (60, 80), (60, 80)]
    assert [here.boxes.tolist() for here in found] == [[[0, 0, side, side]] for side in (20, 21, 22)]
    assert [here.categories.tolist() for here in found] == [[3], [3], [3]]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
