"""Which frames the network looks at when it looks at every Nth."""

from __future__ import annotations

import pytest

from pipeline.segment.key_frames import key_frames


def test_every_frame_is_a_key_of_one():
    assert key_frames([0.0, 0.04, 0.08], 1) == [0, 1, 2]


def test_every_third_and_always_the_first_and_the_last():
    assert key_frames([step / 25 for step in range(12)], 3) == [0, 3, 6, 9, 11]


def test_time_counts_not_frames():
    # 25 frames a second but for a stretch at 100: the usual step is 0.01 s, so every third is 0.03 s.
    times = [0.0, 0.04, 0.08, *[0.08 + 0.01 * step for step in range(1, 10)]]
    assert key_frames(times, 3) == [0, 1, 2, 5, 8, 11]


def test_a_film_of_one_frame_and_of_none():
    assert key_frames([0.0], 5) == [0]
    assert key_frames([], 5) == []


def test_less_than_one_is_refused():
    with pytest.raises(ValueError, match="N from 1 up, found 0"):
        key_frames([0.0], 0)
