from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.segmenting import segment_picture
from pipeline.pictures.picture import Picture
from tests.evaluation.made import detections


class Bright:
    """Finds what is bright as one car; takes frames of at most 128x96 px."""

    def __init__(self):
        self.frames = []

    def input_size(self, width, height, sample_aspect):
        scale = min(128 / width, 96 / height, 1.0)
        return round(width * scale), round(height * scale)

    def segment(self, frames):
        self.frames += list(frames)
        rows, columns = np.nonzero(frames[0, :, :, 0] > 200)
        return [detections(((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), 0.9, 3))]


def bright(height, width, box):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return pixels


@pytest.mark.parametrize(
    ("size", "box", "given"),
    [
        ((96, 128), (20, 10, 60, 40), (96, 128)),
        ((384, 256), (40, 20, 120, 80), (96, 64)),  # shrunk to a quarter
        ((48, 64), (20, 10, 40, 30), (48, 64)),  # never enlarged
    ],
)
def test_boxes_come_back_in_the_pictures_own_pixels(size, box, given):
    network = Bright()
    assert segment_picture(network, bright(*size, box)).boxes[0] == pytest.approx(box, abs=2)
    assert network.frames[0].shape == (*given, 3)


def test_a_picture_is_given_as_seg_video_gives_it():
    picture = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    picture[50:100, 50:150] = 255
    network = Bright()
    segment_picture(network, picture)
    np.testing.assert_array_equal(network.frames[0], Picture(picture).shrunk(128, 85))
