from __future__ import annotations

import numpy as np

from pipeline.structures.detections import Detections
from pipeline.structures.panoptic import Segment, merge_panoptic, stuff_classes
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks

CLASSES = PixelClasses.of({"sky": (0, 0, 255), "road": (9, 9, 9), "pedestrian": (1, 1, 1)})


def tracks(*rows):
    """Tracks of (box, score, track id), whose masks fill their boxes."""
    boxes, scores, ids = zip(*rows, strict=True)
    found = Detections(
        np.array(boxes, np.float32),
        np.array(scores, np.float32),
        np.full(len(rows), 3, np.int32),
        np.full((len(rows), 28, 28), 255, np.uint8),
    )
    return Tracks(found, np.array(ids), found.class_ids, found.scores, np.zeros(len(rows), np.uint8))


def test_what_networks_find_as_objects_is_no_stuff_whatever_its_name():
    assert stuff_classes(CLASSES, {1: "person"}) == (0, 1)
    assert stuff_classes(CLASSES, {1: "road"}) == (0,)


def test_the_better_object_lies_on_top_and_classes_fill_the_rest():
    class_map = np.array([[0] * 8, [1] * 8, [2] * 8, [255] * 8], np.uint8)
    found = tracks(((0, 0, 4, 2), 0.6, 7), ((3, 0, 6, 2), 0.9, 8), ((0, 0, 3, 3), 0.5, -1))
    ids, segments = merge_panoptic(found, class_map, (0, 1))
    assert ids.tolist() == [
        [263] * 3 + [264] * 3 + [1] * 2,
        [263] * 3 + [264] * 3 + [2] * 2,
        [0] * 8,
        [0] * 8,
    ]
    assert segments == [
        Segment(264, 3, True),
        Segment(263, 3, True),
        Segment(1, 0, False),
        Segment(2, 1, False),
    ]


def test_an_object_that_better_ones_hide_is_none_of_its_own():
    class_map = np.zeros((2, 8), np.uint8)
    _, segments = merge_panoptic(tracks(((0, 0, 8, 2), 0.9, 1), ((1, 0, 5, 2), 0.8, 2)), class_map, ())
    assert [one.id for one in segments] == [257]
