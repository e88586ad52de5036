"""The filter of a box in motion, with numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.track import motion

BOX = np.array([[10.0, 20.0, 50.0, 40.0]])  # centre 30, 30; 40 wide, 20 high


def test_a_new_object_stands_where_it_was_seen_and_does_not_move():
    mean, covariance = motion.begin(BOX)
    assert mean[0].tolist() == [[30, 0], [30, 0], [40, 0], [20, 0]]
    assert motion.boxes_of(mean).tolist() == BOX.tolist()
    # size^2 = 40 * 20 = 800: variance 0.05^2 * 800 = 2, speed 2^2 * 800 = 3200.
    assert covariance[0, 0].tolist() == pytest.approx([2.0, 0.0, 3200.0])


def test_prediction_moves_by_velocity_times_seconds():
    mean, covariance = motion.begin(BOX)
    mean[0, 0, 1] = 100.0
    moved, grown = motion.predict(mean, covariance, 0.5)
    assert moved[0, 0].tolist() == [80.0, 100.0]
    # 2 + 3200 / 4 + 800 / 24 + 0.27^2 * 800 / 2; 3200 / 2 + 800 / 8; 3200 + 800 / 2.
    assert grown[0, 0].tolist() == pytest.approx([2 + 800 + 800 / 24 + 29.16, 1700.0, 3600.0])


def test_two_short_steps_are_one_long_one():
    mean, covariance = motion.begin(BOX)
    mean[0, :2, 1] = 60.0
    once = motion.predict(mean, covariance, 0.3)
    twice = motion.predict(*motion.predict(mean, covariance, 0.1), 0.2)
    np.testing.assert_allclose(twice[0], once[0], rtol=1e-12)
    np.testing.assert_allclose(twice[1], once[1], rtol=1e-12)


def test_a_sighting_pulls_the_mean_by_the_share_of_the_variances():
    mean, covariance = motion.begin(BOX)
    # Variance 2 against a measurement's 2: half way. The covariance is 0: the speed stays.
    seen, left = motion.correct(mean, covariance, BOX + np.array([8.0, 0, 8, 0]))
    assert seen[0, 0].tolist() == pytest.approx([34.0, 0.0])
    assert left[0, 0].tolist() == pytest.approx([1.0, 0.0, 3200.0])


def test_the_speed_of_a_steady_object_is_learnt():
    mean, covariance = motion.begin(BOX)
    for step in range(1, 16):
        mean, covariance = motion.predict(mean, covariance, 1 / 30)
        mean, covariance = motion.correct(mean, covariance, BOX + np.array([3.0 * step, 0, 3.0 * step, 0]))
    assert mean[0, 0, 1] == pytest.approx(90.0, rel=0.1)
    assert mean[0, 1, 1] == 0.0


def test_a_shrinking_box_never_turns_inside_out():
    mean, covariance = motion.begin(BOX)
    mean[0, 2, 1] = -1000.0
    assert motion.predict(mean, covariance, 1.0)[0][0, 2, 0] == 1.0
