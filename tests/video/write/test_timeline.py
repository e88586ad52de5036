from __future__ import annotations

from fractions import Fraction

import numpy as np

from pipeline.structures.video_info import StreamInfo
from pipeline.video.write.timeline import decoding_times, ending_times, output_timeline
from tests.footage import TICK, an_info


def test_the_source_s_times_stay_as_they_are() -> None:
    timeline = output_timeline(an_info(3, pts=np.array([7, 20, 90], np.int64), end_pts=100))
    assert (timeline.pts.tolist(), timeline.end_pts, timeline.time_base) == ([7, 20, 90], 100, TICK)


def test_ticks_of_a_rate_become_whole_parts_of_a_second() -> None:
    info = an_info(3, time_base=Fraction(1001, 30000), pts=np.arange(3, dtype=np.int64), end_pts=3)
    timeline = output_timeline(info)
    assert (timeline.pts.tolist(), timeline.time_base) == ([0, 1001, 2002], Fraction(1, 30000))


def test_frames_at_the_same_time_are_moved_apart_by_a_tick() -> None:
    timeline = output_timeline(an_info(4, pts=np.array([0, 5, 5, 5], np.int64), end_pts=5))
    assert timeline.pts.tolist() == [0, 5, 6, 7]
    assert timeline.end_pts == 8


def test_a_broadcast_recording_starts_at_zero_with_its_earliest_stream() -> None:
    streams = (
        StreamInfo(0, "video", "h264", TICK, 900, 0, (), {}),
        StreamInfo(1, "audio", "aac", Fraction(1, 1200), 1700, 0, (), {}),
    )
    pts = np.array([900, 920], np.int64)
    timeline = output_timeline(an_info(2, container="mpegts", streams=streams, pts=pts, end_pts=940))
    assert timeline.pts.tolist() == [50, 70]
    assert timeline.shift_seconds == Fraction(1700, 1200)


def test_decoding_runs_two_frames_ahead_of_showing() -> None:
    assert decoding_times(np.array([0, 20, 45, 60])).tolist() == [-40, -20, 0, 20]
    assert decoding_times(np.array([5])).tolist() == [3]


def test_decoding_begins_no_farther_before_zero_than_showing_after_it() -> None:
    assert decoding_times(np.array([7, 40, 73])).tolist() == [-7, 0, 7]


def test_decoding_leads_no_more_at_first_than_at_the_end() -> None:
    assert decoding_times(np.array([600, 660, 720, 730, 740])).tolist() == [580, 590, 600, 660, 720]
    assert decoding_times(np.array([0, 60, 61])).tolist() == [-60, -30, 0]
    assert decoding_times(np.array([0, 60, 61, 62])).tolist() == [-2, -1, 0, 60]


def test_decoding_of_a_video_s_end_says_how_long_its_last_frame_is_seen() -> None:
    # Each has dts, pts and duration. By their first dts the last frame, at 752, would be seen for 10 ticks.
    assert ending_times([(691, 706, 15), (706, 752, 15), (716, 721, 16), (721, 737, 15)]) == [
        691,
        706,
        721,
        737,
    ]
    assert ending_times([(690, 800, 150), (700, 950, 150), (750, 900, 50)]) == [690, 700, 850]
    no_later = [(690, 800, 150), (700, 950, 50), (740, 760, 150), (750, 890, 50)]  # than it is shown
    assert ending_times(no_later) == [690, 700, 750, 890]
    hurries = [(600, 750, 50), (700, 950, 150), (750, 800, 100)]
    assert ending_times(hurries) == [600, 650, 800]


def test_decoding_times_of_a_video_s_end_stay_where_they_are_right_or_cannot_be() -> None:
    even = [(60, 90, 10), (70, 120, 10), (80, 100, 10), (90, 110, 10)]
    assert ending_times(even) == [60, 70, 80, 90]
    decoded_last = [(60, 90, 10), (70, 100, 10), (80, 110, 70)]
    assert ending_times(decoded_last) == [60, 70, 80]
    too_long = [(60, 90, 10), (70, 110, 41), (80, 100, 10)]
    assert ending_times(too_long) == [60, 70, 80]
    assert ending_times([too_long[0]]) == [60]
