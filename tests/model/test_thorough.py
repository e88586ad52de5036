"""Six looks at a frame: where parts lie, what is merged, and what the contract asks."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipeline.model.thorough import ThoroughPanoptic, ThoroughSegmenter, merged
from pipeline.networks.registry import load, runtime_of
from pipeline.networks.settings import LoadSettings
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.detections import Detections


def found(*rows: tuple[list[float], float, int], mask: int = 255) -> Detections:
    return Detections(
        boxes=np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        scores=np.array([row[1] for row in rows], np.float32),
        class_ids=np.array([row[2] for row in rows], np.int32),
        roi_masks=np.full((len(rows), 28, 28), mask, np.uint8),
    )


class RedFinder:
    """Finds the box of what is red, and remembers the sizes that it looked at."""

    class_names, batch, callers, runtime = {3: "car"}, 1, 1, "colours 1"
    classes = "classes"

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def input_size(self, width, height, sample_aspect):
        """At most 100 px wide."""
        square = round(width * (sample_aspect or 1))
        return (square, height) if square <= 100 else (100, round(height * 100 / square))

    def segment(self, frames):
        self.sizes.append(frames.shape)
        return [self._of(frame) for frame in frames]

    def segment_with_classes(self, frames):
        return [(one, np.full(frames.shape[1:3], 7, np.uint8)) for one in self.segment(frames)]

    def _of(self, frame):
        rows, columns = np.nonzero(frame[..., 0] == 255)
        if not len(rows):
            return Detections.empty()
        box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        one = found((box, 0.8, 3))
        masks = one.roi_masks.copy()
        masks[:, :, 14:] = 0  # the left half, also of what is mirrored
        return Detections(one.boxes, one.scores, one.class_ids, masks)


def frame(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    pixels = np.zeros((1, 60, 100, 3), np.uint8)
    pixels[0, top:bottom, left:right, 0] = 255
    return pixels


@pytest.mark.parametrize("box", [(5, 4, 15, 12), (82, 4, 97, 12), (5, 40, 15, 58), (82, 40, 97, 58)])
def test_what_lies_in_a_part_is_found_where_it_lies_in_the_frame(box):
    network = RedFinder()
    (one,) = ThoroughSegmenter(network, 0.0).segment(frame(*box))
    np.testing.assert_allclose(one.boxes, [box], atol=1e-4)
    assert network.sizes == [(1, 60, 100, 3), (1, 60, 100, 3), (4, 36, 60, 3)]
    assert sum(size[0] for size in network.sizes) == SegmentSettings(thorough=True).looks
    # The whole frame and one part say the left half, the mirrored one the right half, all equally sure.
    np.testing.assert_allclose(one.roi_masks[0, 0, [0, -1]], [170, 85])
    assert one.scores == pytest.approx([0.8])


def test_looks_of_one_size_are_one_call_for_all_frames():
    network, boxes = RedFinder(), [(5, 4, 15, 12), (82, 40, 97, 58), (57, 4, 66, 12)]
    frames = np.concatenate([frame(*box) for box in boxes])
    together = ThoroughSegmenter(network, 0.0).segment(frames)
    assert network.sizes == [(3, 60, 100, 3), (3, 60, 100, 3), (12, 36, 60, 3)]
    for one, box in zip(together, boxes, strict=True):
        (alone,) = ThoroughSegmenter(network, 0.0).segment(frame(*box))
        np.testing.assert_array_equal(one.boxes, alone.boxes)
        np.testing.assert_array_equal(one.roi_masks, alone.roi_masks)
    assert ThoroughSegmenter(network, 0.0).segment(frames[:0]) == []


def test_what_a_part_cuts_is_left_to_the_whole_frame():
    (one,) = ThoroughSegmenter(RedFinder(), 0.0).segment(frame(57, 4, 66, 12))
    np.testing.assert_allclose(one.boxes, [[57, 4, 66, 12]], atol=1e-4)  # not also 57 to 60, of the left part


def test_what_is_large_in_a_part_is_left_to_the_whole_frame():
    (one,) = ThoroughSegmenter(RedFinder(), 0.0).segment(frame(2, 2, 36, 12))
    np.testing.assert_allclose(one.boxes, [[2, 2, 36, 12]], atol=1e-4)
    np.testing.assert_allclose(
        one.roi_masks[0, 0, [0, -1]], [128, 128]
    )  # of the whole frame and its mirror alone


def test_what_ends_at_the_frames_own_edge_is_not_cut():
    looked = ThoroughSegmenter(RedFinder(), 0.0)
    (one,) = looked.segment(frame(0, 0, 8, 6))
    assert one.scores == pytest.approx([0.8])
    np.testing.assert_allclose(one.roi_masks[0, 0, [0, -1]], [170, 85])  # one part of three looks


def test_a_look_that_shows_the_whole_frame_counts_where_it_sees_nothing():
    seen = found(([10, 10, 20, 20], 0.6, 1))
    nothing = Detections.empty()
    assert merged([seen, nothing], 2).scores == pytest.approx([(0.6 + 0.3) / 2])
    assert merged([seen, nothing, nothing], 2).scores == pytest.approx([(0.6 + 0.3) / 2])
    assert merged([nothing, nothing, seen], 2).scores == pytest.approx([(0.6 + 0.2) / 2])


def test_boxes_and_masks_are_means_by_scores():
    first, second = found(([0, 0, 10, 10], 0.6, 1), mask=200), found(([0, 0, 10, 13], 0.2, 1), mask=100)
    one = merged([first, second], 2)
    np.testing.assert_allclose(one.boxes, [[0, 0, 10, 10.75]])
    assert one.scores == pytest.approx([(0.6 + 0.4) / 2])
    assert np.unique(one.roi_masks).tolist() == [175]


def test_other_classes_and_other_places_are_other_objects_best_first():
    looks = [found(([0, 0, 10, 10], 0.3, 1), ([40, 0, 50, 10], 0.9, 1)), found(([0, 0, 10, 10], 0.5, 2))]
    one = merged(looks, 2)
    assert one.class_ids.tolist() == [1, 2, 1]
    assert one.boxes[:, 0].tolist() == [40, 0, 0]
    assert np.all(np.diff(one.scores) <= 0)


def test_nothing_and_boxes_without_area_are_no_trouble():
    assert len(merged([Detections.empty(), Detections.empty()], 2)) == 0
    assert len(merged([found(([5, 5, 5, 5], 0.4, 1)), Detections.empty()], 2)) == 1


def test_what_is_less_sure_than_asked_for_is_left_out():
    (one,) = ThoroughSegmenter(RedFinder(), 0.81).segment(frame(5, 4, 15, 12))
    assert len(one) == 0


@pytest.mark.parametrize(
    ("size", "aspect", "decoded"),
    [
        ((1920, 1080), None, (167, 94)),  # a part of 1152x648 is shown as 100 px wide
        ((80, 60), None, (80, 60)),  # never larger than it is
        ((641, 361), None, (166, 94)),
        ((720, 576), Fraction(64, 45), (166, 93)),
    ],
)
def test_a_video_is_decoded_so_that_a_part_fills_the_network(size, aspect, decoded):
    wide, tall = ThoroughSegmenter(RedFinder(), 0.0).input_size(*size, aspect)
    assert (wide, tall) == pytest.approx(decoded, abs=2)
    assert wide <= size[0] * (aspect or 1)
    assert tall <= size[1]


def test_class_maps_are_of_the_first_look():
    network = RedFinder()
    ((found_there, classes),) = ThoroughPanoptic(network, 0.0).segment_with_classes(frame(5, 4, 15, 12))
    assert found_there.scores == pytest.approx([0.8])
    assert classes.shape == (60, 100)
    assert classes.max() == 7
    assert len(network.sizes) == 3


def test_a_network_that_is_loaded_so_says_it(tiny_weights):
    wanted = LoadSettings(device="cpu", score=0.1, thorough=True)
    network = load(str(tiny_weights), wanted)
    assert network.runtime == runtime_of(str(tiny_weights), wanted)
    assert network.runtime.endswith(" thorough")
    noise = np.random.default_rng(0).integers(0, 256, (1, 54, 96, 3), np.uint8)
    (one,) = network.segment(noise)
    assert len(one) > 0
    assert one.scores.min() >= 0.1
