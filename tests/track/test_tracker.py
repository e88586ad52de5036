"""Identities: who stays who, through crossings, gaps, weak scores and any chunk size."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.track.motion import boxes_of
from pipeline.track.settings import TrackSettings
from pipeline.track.state import TrackerState
from pipeline.track.tracker import Tracker

NAMES = {1: "person", 2: "bicycle", 3: "car", 8: "truck"}
TRACKER = Tracker(TrackSettings(), NAMES)

# x of the left edge, score, class id; every box is 40 wide and 20 high, at y 100.
Row = tuple[float, float, int]


def frame(*rows: Row) -> Detections:
    count = len(rows)
    boxes = np.array([[x, 100, x + 40, 120] for x, _, _ in rows], np.float32).reshape(count, 4)
    return Detections(
        boxes,
        np.array([score for _, score, _ in rows], np.float32).reshape(count),
        np.array([class_id for _, _, class_id in rows], np.int32).reshape(count),
        np.zeros((count, 28, 28), np.uint8),
    )


def follow(
    frames: list[Detections], times: list[float] | None = None, tracker: Tracker = TRACKER
) -> list[Tracks]:
    times = times or [index / 30 for index in range(len(frames))]
    return tracker.follow(tracker.start(), zip(times, frames, strict=True))[1]


def ids(tracked: list[Tracks]) -> list[list[int]]:
    return [tracks.track_ids.tolist() for tracks in tracked]


def test_an_object_has_its_id_from_its_first_frame_on():
    assert ids(follow([frame((10.0 + 5 * index, 0.9, 3)) for index in range(4)])) == [[1], [1], [1], [1]]


def test_two_objects_of_a_frame_get_ids_in_the_order_of_their_scores():
    assert ids(follow([frame((0, 0.9, 3), (200, 0.8, 3))])) == [[1, 2]]


def test_a_track_that_was_lost_takes_nothing_from_one_that_was_there_a_frame_ago():
    # The lost one was at 128. The sum of overlaps is greatest if it goes on at 110, and the other one at 72.
    frames = [frame((100, 0.9, 3), *[(128, 0.8, 3)] * (step < 5)) for step in range(10)]
    assert ids(follow([*frames, frame((110, 0.9, 3), (72, 0.8, 3))]))[-1] == [1, 3]


def test_crossing_objects_keep_their_ids():
    # Left to right at 6 px a frame, right to left at 6 px a frame; at frame 10 both boxes are the same.
    frames = [frame((6.0 * step, 0.9, 3), (120.0 - 6 * step, 0.8, 3)) for step in range(21)]
    merged = [frame((6.0 * step, 0.9, 3)) if step == 10 else frames[step] for step in range(21)]
    tracked = follow(merged)
    assert tracked[9].track_ids.tolist() == [1, 2]
    assert tracked[20].track_ids.tolist() == [1, 2]


def test_an_object_hidden_for_half_a_second_comes_back_under_its_id():
    # 4 px a frame; frames 10 to 24 are empty, so that the box is three of its widths further on.
    frames = [frame() if 10 <= step < 25 else frame((4.0 * step, 0.9, 3)) for step in range(30)]
    assert ids(follow(frames))[25:] == [[1]] * 5


def test_an_object_hidden_for_longer_than_the_patience_is_a_new_one():
    frames = [frame() if 10 <= step < 42 else frame((50.0, 0.9, 3)) for step in range(44)]
    assert ids(follow(frames))[42:] == [[2], [2]]


def test_a_weak_score_continues_a_track_but_starts_none():
    scores = [0.9, 0.9, 0.3, 0.25, 0.9]
    frames = [frame((10, score, 3), (200, 0.3, 3)) for score in scores]
    assert ids(follow(frames)) == [[1, NO_TRACK]] * 5


def test_below_the_follow_score_a_detection_has_no_track():
    assert ids(follow([frame((10, 0.9, 3)), frame((10, 0.9, 3)), frame((10, 0.1, 3))])) == [
        [1],
        [1],
        [NO_TRACK],
    ]


def test_the_peak_score_is_the_best_so_far():
    peaks = [tracks.peak_scores.tolist() for tracks in follow([frame((10, s, 3)) for s in (0.5, 0.75, 0.25)])]
    assert peaks == [[0.5], [0.75], [0.75]]


def test_the_class_of_a_track_is_voted_for_and_the_own_one_is_kept():
    tracked = follow([frame((10, 0.9, 3)), frame((10, 0.6, 8)), frame((10, 0.8, 8))])
    assert ids(tracked) == [[1], [1], [1]]
    assert [tracks.class_ids.tolist() for tracks in tracked] == [[3], [3], [8]]
    assert tracked[1].detections.class_ids.tolist() == [8]


def test_a_person_does_not_continue_a_cars_track():
    assert ids(follow([frame((10, 0.9, 3)), frame((10, 0.9, 1))])) == [[1], [2]]


def test_a_lorry_found_as_truck_and_as_car_is_one_object():
    frames = [frame((10, 0.9, 8), (11, 0.7, 3)), frame((10, 0.9, 8), (11, 0.7, 3))]
    assert ids(follow(frames)) == [[1, NO_TRACK], [1, NO_TRACK]]


def test_a_rider_on_a_bicycle_are_two():
    assert ids(follow([frame((10, 0.9, 1), (11, 0.7, 2))])) == [[1, 2]]


def test_the_cameras_motion_carries_what_is_expected():
    # The picture jumps by 60 px: no box meets its prediction, unless the jump is known.
    state, _ = TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 3)))
    jump = FrameMotion(np.array([[1.0, 0.0, 60.0], [0.0, 1.0, 0.0]]))
    assert ids([TRACKER.step(state, 0.04, frame((70, 0.9, 3)))[1]]) == [[2]]
    assert ids([TRACKER.step(TRACKER.moved(state, jump), 0.04, frame((70, 0.9, 3)))[1]]) == [[1]]


def test_a_picture_that_widens_carries_sizes_too():
    state, _ = TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 3)))
    wider = FrameMotion(np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]))
    assert boxes_of(TRACKER.moved(state, wider).means).tolist() == [[20, 200, 100, 240]]


def test_no_track_goes_on_over_a_cut_and_no_number_comes_back():
    state, _ = TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 3)))
    cut = replace(FrameMotion.none(), cut=True)
    assert ids([TRACKER.step(TRACKER.moved(state, cut), 0.04, frame((10, 0.9, 3)))[1]]) == [[2]]


def test_ids_are_never_used_again():
    # A new object elsewhere in each frame: none continues another.
    frames = [frame(((step % 2) * 500.0 + step, 0.9, (1, 2, 3)[step % 3])) for step in range(40)]
    given = [track_id for row in ids(follow(frames)) for track_id in row]
    firsts = sorted(set(given), key=given.index)
    assert firsts == sorted(firsts)
    far_later = [*frames, *[frame()] * 60, frame((0, 0.9, 3))]
    assert ids(follow(far_later))[-1] == [max(given) + 1]


def test_time_counts_not_frames():
    # 300 px/s at uneven times; the same motion counted by frames would jump back and forth.
    times = [0.0, 0.033, 0.066, 0.2, 0.233, 0.5, 0.533, 0.566, 0.9]
    frames = [frame((300.0 * seconds, 0.9, 3)) for seconds in times]
    assert ids(follow(frames, times)) == [[1]] * 9


def test_patience_is_in_seconds_at_any_frame_rate():
    # Seen twice, hidden for 0.8 s: 8 frames at 10 a second, 48 at 60.
    for rate in (10, 60):
        gap = int(0.8 * rate)
        frames = [frame((50, 0.9, 3)), frame((50, 0.9, 3)), *[frame()] * gap, frame((50, 0.9, 3))]
        assert ids(follow(frames, [index / rate for index in range(len(frames))]))[-1] == [1]


def test_a_pause_between_frames_does_not_end_a_track():
    assert ids(follow([frame((50, 0.9, 3))] * 3, [0.0, 0.1, 5.0])) == [[1], [1], [1]]


def test_an_object_seen_once_is_not_waited_for_long():
    frames = [frame((50, 0.9, 3)), *[frame()] * 10, frame((50, 0.9, 3))]
    assert ids(follow(frames))[-1] == [2]


def test_frames_without_objects_change_nothing():
    assert ids(follow([frame()] * 3 + [frame((10, 0.9, 3))])) == [[], [], [], [1]]


def test_an_ignored_region_gets_no_track():
    # The bonnet: the lower strip holds more than half of the first box and none of the second.
    settings = TrackSettings(ignore_regions=((0, 105, 100, 50),))
    tracked = follow([frame((10, 0.9, 3), (300, 0.8, 3))], tracker=Tracker(settings, NAMES))
    assert ids(tracked) == [[NO_TRACK, 1]]


def busy_drive() -> list[tuple[float, Detections]]:
    random = np.random.default_rng(3)
    frames = []
    for step in range(60):
        rows = [
            (50.0 * lane + step * (lane - 3) + random.normal(), float(random.uniform(0.15, 1)), int(kind))
            for lane, kind in enumerate(random.choice([1, 3, 8], 7))
        ]
        kept = sorted((row for row in rows if random.random() < 0.8), key=lambda row: -row[1])
        frames.append((step / 25 + random.uniform(0, 0.01), frame(*kept)))
    return frames


@pytest.mark.parametrize("size", [1, 7, 32])
def test_chunks_of_any_size_give_the_ids_of_the_whole_with_the_state_through_text(size):
    drive = busy_drive()
    whole_state, whole = TRACKER.follow(TRACKER.start(), drive)
    assert whole_state.next_id > 8
    state, chunked = TRACKER.start(), []
    for start in range(0, len(drive), size):
        state, tracked = TRACKER.follow(TrackerState.from_json(state.to_json()), drive[start : start + size])
        chunked += tracked
    assert ids(chunked) == ids(whole)
    assert [tracks.class_ids.tolist() for tracks in chunked] == [
        tracks.class_ids.tolist() for tracks in whole
    ]
    assert state.to_json() == whole_state.to_json()


def test_a_step_leaves_the_state_it_was_given():
    state, _ = TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 3)))
    before = state.to_json()
    first = TRACKER.step(state, 0.1, frame((15, 0.9, 3)))[0].to_json()
    assert state.to_json() == before
    assert TRACKER.step(state, 0.1, frame((15, 0.9, 3)))[0].to_json() == first


def test_a_class_id_without_a_name_is_refused():
    with pytest.raises(ValueError, match=r"expected class ids among \[1, 2, 3, 8\], found \[9\]"):
        TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 9)))


def test_a_state_with_a_column_too_short_is_refused():
    state, _ = TRACKER.step(TRACKER.start(), 0.0, frame((10, 0.9, 3)))
    content = json.loads(state.to_json())
    for name in content.keys() - {"next_id", "seconds"}:
        with pytest.raises(ValueError, match="cannot reshape"):
            TrackerState.from_json(json.dumps(content | {name: []}))


def test_a_weak_detection_does_not_bring_a_lost_track_back():
    frames = [frame((50, 0.9, 3)), frame((50, 0.9, 3)), frame(), frame((50, 0.4, 3)), frame((50, 0.9, 3))]
    assert ids(follow(frames)) == [[1], [1], [], [NO_TRACK], [1]]


def test_a_box_that_grew_before_it_was_hidden_does_not_go_on_growing():
    # An oncoming car, 8 px wider each frame up to 128, is hidden for 0.9 s and comes out as it went in.
    # Grown on, it would be 352 px wide, and meet 128 px by 128^2 / 352^2 = 0.13 only.
    sizes = [40.0 + 8 * step for step in range(12)]
    boxes = [np.array([[200 - size / 2, 100, 200 + size / 2, 100 + size]], np.float32) for size in sizes]
    seen = [replace(frame((0, 0.9, 3)), boxes=box) for box in boxes]
    assert ids(follow([*seen, *[frame()] * 27, seen[-1]]))[-1] == [1]
