from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.tracks.hota import hota
from pipeline.evaluation.tracks.identities import count_switches, identity_scores
from pipeline.evaluation.tracks.overlap import FrameOverlap, VideoOverlap


def frame(pairs, extra_true=(), extra_tracks=()):
    """A frame in which each (object, track) lies exactly on each other, and others alone."""
    true = [one for one, _ in pairs] + list(extra_true)
    tracks = [track for _, track in pairs] + list(extra_tracks)
    iou = np.zeros((len(true), len(tracks)))
    iou[np.arange(len(pairs)), np.arange(len(pairs))] = 1.0
    return FrameOverlap(np.array(true, np.int64), np.array(tracks, np.int64), iou)


def test_kept_numbers_are_perfect():
    scores = identity_scores([frame([(1, 7), (2, 8)])] * 4, 0.5)
    assert (scores.objects, scores.object_seconds, scores.switches) == (2, 4.0, 0)
    assert (scores.idf1, scores.id_precision, scores.id_recall) == (1.0, 1.0, 1.0)
    assert scores.hota == pytest.approx(1.0)
    assert scores.switches_per_ten_seconds == 0.0


def test_two_objects_that_swap_their_numbers_half_way():
    scores = identity_scores([frame([(1, 7), (2, 8)])] * 2 + [frame([(1, 8), (2, 7)])] * 2, 0.5)
    # Either map keeps 2 of 4 frames of both: IDTP 4, IDFN 4, IDFP 4.
    assert scores.idf1 == 0.5
    assert scores.switches == 2
    assert scores.switches_per_ten_seconds == pytest.approx(10 * 2 / 4.0)
    # All is found, DetA 1. Each match shares 2 of 4 + 4 - 2 frames: AssA 1/3.
    assert scores.hota == pytest.approx((1 / 3) ** 0.5)


def test_an_object_lost_and_found_under_a_new_number_is_one_switch():
    frames = [frame([(1, 7)]), frame([], extra_true=[1]), frame([(1, 9)]), frame([(1, 9)])]
    scores = identity_scores(frames, 0.1)
    assert scores.switches == 1
    # The best map is 1 -> 9: 2 of 4 labels and 2 of 3 tracked masks.
    assert (scores.id_recall, scores.id_precision) == (0.5, pytest.approx(2 / 3))
    assert scores.idf1 == pytest.approx(4 / 7)


def test_an_object_found_again_under_its_old_number_is_no_switch():
    assert count_switches([frame([(1, 7)]), frame([], extra_true=[1]), frame([(1, 7)])]) == 0


def test_a_kept_track_comes_before_a_better_one():
    both = FrameOverlap(np.array([1]), np.array([7, 8]), np.array([[0.6, 0.9]]))
    assert count_switches([frame([(1, 7)]), both]) == 0
    left = FrameOverlap(np.array([1]), np.array([7, 8]), np.array([[0.4, 0.9]]))
    assert count_switches([frame([(1, 7)]), left]) == 1


def test_false_alarms_cost_precision_only():
    scores = identity_scores([frame([(1, 7)], extra_tracks=[9])] * 3, 0.1)
    assert (scores.id_recall, scores.id_precision, scores.switches) == (1.0, 0.5, 0)
    assert scores.hota == pytest.approx(0.5**0.5)


def test_masks_that_lie_badly_cost_hota_by_the_levels_they_fail():
    half = FrameOverlap(np.array([1]), np.array([7]), np.array([[0.5]]))
    # IoU 0.5 passes 0.05, 0.10 .. 0.50: 10 of 19 levels.
    assert hota(VideoOverlap.of([half])) == pytest.approx(10 / 19)


def test_nothing_at_all_has_no_figures():
    scores = identity_scores([frame([])], 0.1)
    assert (scores.idf1, scores.hota, scores.switches_per_ten_seconds) == (None, None, None)


def test_an_id_twice_in_a_frame_is_refused():
    with pytest.raises(ValueError, match="track_ids"):
        FrameOverlap(np.array([1]), np.array([7, 7]), np.zeros((1, 2)))
