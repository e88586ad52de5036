from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.video.read.plan import plan, with_frame_before
from tests.footage import an_info


def spans(frames: int, keys: range | list[int], chunk_frames: int) -> list[tuple[int, int]]:
    return [(chunk.start, chunk.stop) for chunk in plan(an_info(frames, keys), chunk_frames)]


def test_chunks_start_on_the_last_keyframe_that_keeps_them_short_enough() -> None:
    assert spans(100, range(0, 100, 30), 70) == [(0, 60), (60, 100)]


def test_a_long_stretch_between_keyframes_is_cut_into_equal_pieces() -> None:
    assert spans(200, [0], 100) == [(0, 100), (100, 200)]
    assert spans(290, [0, 200], 96) == [(0, 100), (100, 200), (200, 290)]


def test_a_stretch_just_over_the_length_stays_whole() -> None:
    assert spans(130, [0], 96) == [(0, 130)]


def test_a_stretch_without_keyframes_is_cut_eight_times_at_most() -> None:
    assert len(spans(100_000, [0], 96)) == 8


def test_frames_before_the_first_keyframe_go_with_it() -> None:
    assert spans(60, [6, 40], 50) == [(0, 40), (40, 60)]


def test_decoding_begins_one_keyframe_earlier_than_needed() -> None:
    chunks = plan(an_info(40, range(0, 40, 10)), 10)
    assert [chunk.seek_frame for chunk in chunks] == [None, 0, 10, 20]
    assert [chunk.start_pts for chunk in chunks] == [0, 200, 400, 600]


def test_decoding_begins_at_the_own_keyframe_where_decoders_start_anew_there() -> None:
    resets = np.isin(np.arange(40), [0, 20])
    info = replace(an_info(40, range(0, 40, 10)), resets=resets)
    chunks = plan(info, 10)
    assert [chunk.seek_frame for chunk in chunks] == [0, 0, 20, 20]
    wider = [with_frame_before(info, chunk) for chunk in chunks]
    assert [(chunk.start, chunk.seek_frame) for chunk in wider] == [(0, 0), (9, 0), (19, 0), (29, 20)]


def test_without_any_keyframe_everything_is_decoded_from_the_beginning() -> None:
    assert [chunk.seek_frame for chunk in plan(an_info(20, []), 10)] == [None, None]


def test_no_frames_a_chunk_is_no_plan() -> None:
    with pytest.raises(ConfigError, match="found: 0"):
        plan(an_info(), 0)


@given(st.data(), st.integers(1, 400), st.integers(1, 120))
def test_every_frame_is_in_exactly_one_chunk(data: st.DataObject, frames: int, chunk_frames: int) -> None:
    keys = data.draw(st.lists(st.integers(0, frames - 1), unique=True))
    chunks = plan(an_info(frames, keys), chunk_frames)
    assert [number for chunk in chunks for number in range(chunk.start, chunk.stop)] == list(range(frames))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        earlier = [key for key in sorted(keys) if key <= chunk.start]
        assert chunk.seek_frame == (earlier[-2] if len(earlier) > 1 else None)


def test_a_hundred_thousand_keyframes_are_planned_at_once() -> None:
    assert len(plan(an_info(100_000, range(100_000)), 96)) == 1042
