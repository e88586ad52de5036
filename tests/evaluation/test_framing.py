"""A letterboxed picture comes back in its own pixels; another network gets the picture as it is."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from pipeline.evaluation import framing
from pipeline.evaluation.framing import PictureSegmenter
from tests.evaluation.made import detections
from tests.model.small import small_config


class Bright:
    """A network that finds what is bright, under the resize rule of its config."""

    made: ClassVar[list[Bright]] = []

    def __init__(self, model, batch=1, jit=None):
        self.model, self.batch, self.jit = model, batch, jit
        self.shapes = []
        self.made.append(self)

    class_names: ClassVar = {3: "car"}

    def segment(self, frames):
        self.shapes.append(frames.shape[1:3])
        rows, columns = np.nonzero(frames[0, :, :, 0] > 200)
        return [detections(((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1), 0.9, 3))]


@pytest.fixture
def network(monkeypatch):
    """Makes a network of the given resize rule that passes for a Mask R-CNN."""
    monkeypatch.setattr(framing, "MaskRCNNPredictor", Bright)
    monkeypatch.setattr(Bright, "made", [])

    def make(rule):
        config = small_config((96, 128))
        return Bright(
            SimpleNamespace(config=replace(config, input=replace(config.input, resize=rule))), 2, False
        )

    return make


def bright(height, width, box):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    return pixels


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((96, 128), (20, 10, 60, 40)),  # as large as the canvas
        ((48, 128), (20, 10, 60, 40)),  # bars above and below
        ((384, 256), (40, 20, 120, 80)),  # shrunk to a quarter, bars left and right
        ((48, 64), (20, 10, 40, 30)),  # enlarged
    ],
)
def test_boxes_come_back_from_the_canvas(network, size, box):
    segmenter = PictureSegmenter(network("letterbox"))
    found = segmenter.segment(bright(*size, box))
    assert found.boxes[0] == pytest.approx(box, abs=2)
    assert Bright.made[0].shapes == [(96, 128)]


def test_pixels_beside_the_picture_are_grey_and_no_object(network):
    segmenter = PictureSegmenter(network("letterbox"))
    assert segmenter.segment(bright(48, 128, (0, 0, 128, 48))).boxes.tolist() == [[0, 0, 128, 48]]


def test_of_another_rule_only_the_last_size_is_kept(network):
    segmenter = PictureSegmenter(network("shortest_edge"))
    for size in ((40, 60), (40, 60), (50, 60)):
        assert segmenter.segment(bright(*size, (20, 10, 50, 30))).boxes.tolist() == [[20, 10, 50, 30]]
    assert [one.shapes for one in Bright.made] == [[], [(40, 60), (40, 60)], [(50, 60)]]
    assert (Bright.made[-1].batch, Bright.made[-1].jit) == (2, False)


def test_another_network_gets_the_picture_itself():
    network = Bright(None)
    assert PictureSegmenter(network).segment(bright(50, 70, (30, 10, 60, 20))).boxes.tolist() == [
        [30, 10, 60, 20]
    ]
    assert network.shapes == [(50, 70)]
