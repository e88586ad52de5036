from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import Tracks
from pipeline.track.steadying import TrackedFrame, steadied

SIZE = 100, 1000
BOX = 100.0, 40.0, 140.0, 60.0


def tracks(box, *, value=200, track_id=1):
    found = Detections(
        np.array([box], np.float32),
        np.array([0.9], np.float32),
        np.array([3], np.int32),
        np.full((1, 28, 28), value, np.uint8),
    )
    return Tracks(found, np.array([track_id]), found.class_ids, found.scores)


def film(here, step=0.04, motion=None):
    """These tracks, so many seconds apart, under a camera that moves by [2, 3] from frame to frame."""
    camera = FrameMotion.none() if motion is None else FrameMotion(np.array(motion, np.float64))
    return [TrackedFrame(step * number, one, camera) for number, one in enumerate(here)]


def boxes(frames, weight=0.5):
    return np.array([here.detections.boxes[0] for here in steadied(frames, weight, SIZE)])


def values(frames, weight=0.5):
    return [int(here.detections.roi_masks[0, 0, 0]) for here in steadied(frames, weight, SIZE)]


def moved(box, across):
    return box[0] + across, box[1], box[2] + across, box[3]


def test_a_mask_is_steadied_by_those_before_and_after_it():
    # Of 0.04 s apart the half of 1 - 0.04 / 0.155, that is 0.371, of 0.08 s 0.242, of 0.12 s 0.113:
    # (150 (1 + 2 * 0.242) + 250 * 2 (0.371 + 0.113)) / 2.452 in the middle; the first has neighbours on one side.
    here = [tracks(BOX, value=250 if step % 2 else 150) for step in range(20)]
    assert values(film(here))[3:5] == [211, 189]
    assert values(film(here))[0] == round((150 * 1.242 + 250 * 0.484) / 1.726)
    assert values(film(here), 0.0)[:3] == [150, 250, 150]


def test_a_mask_long_ago_says_nothing():
    here = [tracks(BOX, value=250 if step % 2 else 150) for step in range(9)]
    assert values(film(here, step=0.16))[:3] == [150, 250, 150]


def test_what_jitters_is_drawn_steadily_and_what_moves_evenly_does_not_lag():
    jitter = (0, 3, -2, 4, -3, 1, -4, 2, 0, -1, 3, -3)
    there = [moved(BOX, 10 * step + by) for step, by in enumerate(jitter)]
    path = [moved(BOX, 10 * step) for step in range(len(jitter))]
    drawn = boxes(film(map(tracks, there)))
    assert np.abs(drawn - path).max() < 2.5
    assert np.abs(drawn[3:-3] - path[3:-3]).max() < 1.3
    assert np.allclose(boxes(film(map(tracks, path))), path, atol=1e-4)


def test_an_object_that_stands_in_the_world_moves_with_the_camera():
    # A bump: the picture falls by 20 px with one frame, and what stands in it falls with it, at once.
    bump = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 20.0]])
    down = 100.0, 60.0, 140.0, 80.0
    frames = film([tracks(BOX)] * 5 + [tracks(down)] * 5)
    frames[5] = replace_motion(frames[5], bump)
    assert np.allclose(boxes(frames), [BOX] * 5 + [down] * 5, atol=1e-4)
    assert np.abs(boxes(film([tracks(BOX)] * 5 + [tracks(down)] * 5))[4] - BOX).max() > 4


def replace_motion(frame, matrix):
    return frame._replace(motion=FrameMotion(matrix))


def test_an_edge_at_the_border_of_the_picture_stays_there():
    # It leaves the picture at the left, 20 px a frame: beside the border its edge goes on, at the border it rests.
    there = [(max(90.0 - 20 * step, 0.0), 40.0, 160.0 - 20 * step, 60.0) for step in range(8)]
    drawn = boxes(film(map(tracks, there)))
    assert (drawn[5:, 0] == 0).all()
    assert drawn[3, 0] > 20


def test_another_object_and_one_without_a_track_say_nothing():
    for other in (2, -1):
        here = [tracks(BOX), tracks(moved(BOX, 30), track_id=other, value=100), tracks(BOX)]
        assert np.array_equal(boxes(film(here))[0], np.array(BOX, np.float32))
        assert values(film(here)) == [200, 100, 200]


@settings(max_examples=20)
@given(st.sampled_from([0.04, 1 / 30, 0.155]), st.sets(st.integers(1, 11), max_size=3))
def test_with_its_neighbours_on_either_side_any_cut_gives_the_same(step, cuts):
    random = np.random.default_rng(5)
    here = [tracks(moved(BOX, 9 * random.random()), value=int(random.integers(256))) for _ in range(12)]
    frames = film(here, step, [[1.0, 0.01, 2.0], [-0.01, 1.0, 1.0]])
    whole, near = list(steadied(frames, 0.5, SIZE)), round(0.155 / step)
    for start, stop in pairwise([0, *sorted(cuts), 12]):
        part = slice(max(start - near, 0), stop + near)
        piece = list(steadied(frames[part], 0.5, SIZE))[start - part.start :][: stop - start]
        for one, other in zip(piece, whole[start:stop], strict=True):
            assert np.array_equal(one.detections.boxes, other.detections.boxes)
            assert np.array_equal(one.detections.roi_masks, other.detections.roi_masks)


def test_no_tracks_no_boxes():
    nothing = Tracks.untracked(Detections.empty())
    assert [len(here) for here in steadied(film([tracks(BOX), nothing, tracks(BOX)]), 0.5, SIZE)] == [1, 0, 1]
