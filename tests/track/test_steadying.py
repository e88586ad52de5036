from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.track.steadying import steadied
from tests.track.film import film, follow, frame

FRAMES = [frame((10, 0.9, 3, 250 if step % 2 else 150)) for step in range(20)]


def timed(step=0.04):
    return [(step * number, tracks) for number, tracks in enumerate(follow(film(FRAMES)))]


def values(frames):
    return [int(tracks.detections.roi_masks[0, 0, 0]) for tracks in frames]


def test_a_mask_is_steadied_by_those_before_and_after_it():
    # (150 + 0.25 * 250 + 0.25 * 250) / 1.5 and the other way round; the first has one neighbour.
    assert values(steadied(timed(), 0.5))[:3] == [170, 217, 183]
    assert values(steadied(timed(), 0.0))[:3] == [150, 250, 150]


def test_a_mask_long_ago_says_nothing():
    assert values(steadied(timed(step=0.2), 0.5))[:3] == [150, 250, 150]


@given(st.sets(st.integers(1, 19), max_size=4))
def test_with_a_neighbour_on_either_side_any_cut_gives_the_same(cuts):
    frames = timed()
    whole = values(steadied(frames, 0.5))
    pieces = []
    for start, stop in pairwise([0, *sorted(cuts), 20]):
        first, last = max(start - 1, 0), min(stop + 1, 20)
        pieces += values(steadied(frames[first:last], 0.5))[start - first : stop - first]
    assert pieces == whole
