"""The look back over a film: first frames, gaps, fragments, doubles, doubt, classes; at any chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import FILLED, FOUND, INTERPOLATED, NO_TRACK, Tracks
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.track.settings import TrackSettings
from tests.track.film import NAMES, SIZE, film, follow, frame, ids

CUT = replace(FrameMotion.none(), cut=True)


def test_every_frame_has_its_tracks_once_and_in_order():
    frames = film([frame((10.0 + step, 0.9, 3)) for step in range(200)])
    tracks = follow(frames, chunk=17)
    assert [float(here.detections.boxes[0, 0]) for here in tracks] == [10.0 + step for step in range(200)]


def test_a_frame_is_final_as_soon_as_the_lag_is_known():
    tracker = FilmTracker(TrackSettings(lag_seconds=1.0), NAMES, SIZE)
    frames = film([frame((10, 0.9, 3))] * 40, [step / 32 for step in range(40)])
    state, first = tracker.follow(tracker.start(), frames[:32])
    assert first == []
    state, second = tracker.follow(state, frames[:37])
    assert len(second) == 5  # frames 0 to 4 are 1 s before frames 32 to 36
    state, third = tracker.follow(state, frames[5:])
    assert len(third) == 3
    assert len(tracker.follow(state, frames[8:], is_end=True)[1]) == 32


def test_frames_that_are_not_final_have_to_come_again():
    tracker = FilmTracker(TrackSettings(lag_seconds=1.0), NAMES, SIZE)
    frames = film([frame((10, 0.9, 3))] * 40)
    state, final = tracker.follow(tracker.start(), frames[:30])
    with pytest.raises(ValueError, match="expected the 26 frames that are not final yet, found 10"):
        tracker.follow(state, frames[30:])
    assert len(tracker.follow(state, frames[len(final) :], is_end=True)[1]) == 36


def test_an_object_that_becomes_sure_late_is_drawn_from_its_first_frame_on():
    # Found from frame 5 on with 0.3, which starts no track, and from frame 15 on with 0.9.
    frames = [frame(), *[frame((10, 0.3, 3))] * 14, *[frame((10, 0.9, 3))] * 20]
    assert ids(follow(film(frames))) == [[]] + [[1]] * 34


def test_where_the_network_looks_seldom_it_is_drawn_from_its_first_frame_on_as_well():
    # Of every third frame; found from frame 3 on with 0.3, not in frame 9, and from frame 15 on with 0.9.
    frames = [
        None if step % 3 else frame() if step in (0, 9) else frame((10, 0.3 if step < 15 else 0.9, 3))
        for step in range(40)
    ]
    assert ids(follow(film(frames))) == [[]] * 3 + [[1]] * 37


@pytest.mark.parametrize(("side", "width", "drawn"), [("left", 80, 22), ("right", 80, 22), ("left", 12, 17)])
def test_what_comes_in_over_the_border_is_drawn_from_where_it_is_weak_if_it_is_near(side, width, drawn):
    # Found weakly in frames 3 to 5, in boxes that jump, not in frames 6 and 7.
    def cut(share, score):
        edges = [0, 100, share * width, 160] if side == "left" else [4000 - share * width, 100, 4000, 160]
        one = frame((0, score, 3))
        return replace(one, boxes=np.array([edges], np.float32))

    frames = [*[frame()] * 3, *[cut(0.5, 0.3)] * 3, *[frame()] * 2, *[cut(1.0, 0.9)] * 17, *[frame()] * 40]
    tracks = follow(film(frames))
    assert sum(len(here) and here.track_ids[0] == 1 for here in tracks) == drawn


def test_an_object_counts_as_long_however_often_the_network_looks():
    # It is there for 9 frames, or three looks: 0.75 * 9 / 12.5 = 0.54.
    frames = [frame((100, 0.75, 3))] * 9 + [frame()] * 60
    seldom = [found if step % 3 == 0 else None for step, found in enumerate(frames)]
    assert ids(follow(film(frames)))[0] == ids(follow(film(seldom)))[0] == [1]


@pytest.mark.parametrize("every", [1, 3])
def test_no_track_is_surer_than_the_network_ever_was(every):
    # In half a second are 12.5 frames, or 4.2 looks: the best 13, or 5, would count as more than there are.
    frames = [frame((10, 0.75, 3)) if step % every == 0 else None for step in range(60)]
    scores = np.concatenate([here.peak_scores for here in follow(film(frames))])
    np.testing.assert_allclose(scores, 0.75)


@pytest.mark.parametrize(("gap", "weak", "bridged"), [(24, (6, 12, 18), True), (32, (16,), False)])
def test_what_is_weak_for_a_second_is_followed_from_both_sides_or_not_at_all(gap, weak, bridged):
    # Too weak to go on with for the forward step, which loses it, and longer than a gap that is filled.
    there = [frame((100, 0.9, 3))]
    frames = there * 10 + [frame(*[(100, 0.3, 3)] * (step in weak)) for step in range(gap)] + there * 30
    tracks = follow(film(frames), TrackSettings(lost_seconds=0.2))
    shown = [1 in here for here in ids(tracks)]
    assert shown == [True] * 10 + [bridged] * gap + [True] * 30


def test_what_flickers_up_is_no_object_and_takes_no_number():
    frames = [
        frame((10, 0.95, 3), (500, 0.9, 1)) if step in (8, 9) else frame((10, 0.95, 3)) for step in range(40)
    ]
    frames[30:] = [frame((10, 0.95, 3), (300, 0.9, 1))] * 10  # 10 of the last 13 frames: 0.69
    tracks = ids(follow(film(frames)))
    assert tracks[8:10] == [[1, NO_TRACK]] * 2
    assert tracks[30:] == [[1, 2]] * 10


def test_what_is_never_beyond_doubt_is_no_object_however_long_it_is_seen():
    # 13 looks in half a second at 25 frames a second: (4 * 0.9 + 9 * 0.35) / 13 = 0.52, with 3 it is 0.48.
    frames = [frame((10, 0.9 if 30 <= step < 33 else 0.35, 3)) for step in range(60)]
    assert ids(follow(film(frames))) == [[NO_TRACK]] * 60
    sure = [frame((10, 0.9 if 30 <= step < 34 else 0.35, 3)) for step in range(60)]
    assert ids(follow(film(sure))) == [[1]] * 60


def test_where_frames_are_far_apart_one_look_is_enough():
    apart = [frame((10, 0.6, 3)), frame((300, 0.6, 3)), frame((600, 0.6, 3))]
    assert ids(follow(film(apart, [0.0, 0.5, 1.0]))) == [[1], [2], [3]]
    assert ids(follow(film([frame((10, 0.6, 3))]))) == [[1]]


def test_a_gap_is_filled_from_both_sides():
    # 4 px a frame; frames 10 to 13 are empty. The masks are 100 before and 200 after.
    frames = [
        frame() if 10 <= step < 14 else frame((4.0 * step, 0.9, 3, 100 if step < 10 else 200))
        for step in range(40)
    ]
    tracks = follow(film(frames))
    assert ids(tracks) == [[1]] * 40
    assert [here.origins.tolist() for here in tracks[9:15]] == [[FOUND], *[[FILLED]] * 4, [FOUND]]
    assert [float(here.detections.boxes[0, 0]) for here in tracks[10:14]] == pytest.approx([40, 44, 48, 52])
    assert [int(here.detections.roi_masks[0, 0, 0]) for here in tracks[10:14]] == [120, 140, 160, 180]


def test_a_gap_that_is_too_long_stays_a_gap():
    frames = [frame() if 30 <= step < 60 else frame((10, 0.9, 3)) for step in range(90)]  # 30 frames: 1.24 s
    tracks = ids(follow(film(frames)))
    assert tracks[30:60] == [[]] * 30
    assert tracks[29] == tracks[60] == [1]  # joined across 1.24 s all the same
    filled = ids(follow(film(frames), TrackSettings(fill_seconds=1.3)))
    assert filled == [[1]] * 90


def test_a_weak_detection_in_a_gap_is_taken_for_what_it_is():
    frames = [frame((10, 0.9, 3))] * 20 + [frame(), frame((11, 0.25, 3))] + [frame((10, 0.9, 3))] * 20
    tracks = follow(film(frames))
    assert [tracks[20].origins.tolist(), tracks[21].origins.tolist()] == [[FILLED], [FOUND]]
    assert tracks[21].detections.scores.tolist() == pytest.approx([0.25])


def _of_size(width, height):
    found = frame((10, 0.9, 3))
    return replace(found, boxes=np.array([[10, 120 - height, 10 + width, 120]], np.float32))


def test_what_is_another_one_for_a_moment_is_told_by_its_extent():
    # For four frames the network's box holds its neighbour too; it is larger for good from frame 30 on.
    frames = (
        [_of_size(40, 20)] * 15 + [_of_size(70, 30)] * 4 + [_of_size(41, 20)] * 11 + [_of_size(70, 30)] * 9
    )
    tracks = follow(film(frames), chunk=7)
    assert ids(tracks[:15]) + ids(tracks[19:]) == [[1]] * 35
    drawn = [here[here.track_ids == 1] for here in tracks]
    assert [here.origins.tolist() for here in drawn[14:20]] == [[FOUND], *[[FILLED]] * 4, [FOUND]]
    widths = [float(np.diff(here.detections.boxes[0, [0, 2]])[0]) for here in drawn]
    assert max(widths[:30]) <= 41
    assert widths[30:] == [70.0] * 9
    assert [here.detections.boxes[0, 2] for here in tracks[15:19]] == [80.0] * 4  # found, but of no track


def test_what_is_smaller_for_a_moment_or_wider_alone_stays_as_it_was_found():
    for other in ((20, 10), (60, 20)):  # behind a post; a person whose legs are apart
        frames = [_of_size(40, 20)] * 15 + [_of_size(*other)] * 4 + [_of_size(40, 20)] * 11
        assert all((here.origins == FOUND).all() for here in follow(film(frames)))


def test_nothing_is_joined_or_filled_over_a_cut():
    frames = [frame((10, 0.9, 3))] * 10 + [frame()] * 2 + [frame((10, 0.9, 3))] * 10
    motions = [CUT if step == 11 else FrameMotion.none() for step in range(22)]
    assert ids(follow(film(frames, motions=motions))) == [[1]] * 10 + [[]] * 2 + [[2]] * 10


def test_fragments_that_lead_into_each_other_are_one_object():
    # 10 px a frame, out of sight for 1.2 s, longer than the forward step waits.
    frames = [frame() if 20 <= step < 50 else frame((10.0 * step, 0.9, 3)) for step in range(80)]
    tracks = ids(follow(film(frames)))
    assert tracks[19] == tracks[50] == [1]


def test_fragments_are_joined_by_where_the_camera_has_turned_meanwhile():
    # It stands in the world. The camera turns it by 6 px a frame, but not at all while it is seen.
    turn = FrameMotion(np.array([[1.0, 0.0, 6.0], [0.0, 1.0, 0.0]]), 0.02, cut=False)
    seen, unseen = [frame((100, 0.9, 3))] * 10, [frame()] * 20
    frames = seen + unseen + [frame((220, 0.9, 3))] * 10
    motions = [FrameMotion.none()] * 10 + [turn] * 20 + [FrameMotion.none()] * 10
    still = TrackSettings(lost_seconds=0.3)
    assert ids(follow(film(frames, motions=motions), still))[-1] == [1]
    assert ids(follow(film(frames), still))[-1] == [2]


def test_what_stands_where_another_drove_off_is_not_joined():
    # The first drives away at 10 px a frame; 1.2 s later another appears where it was last seen, and stands.
    frames = [
        frame((10.0 * step, 0.9, 3)) if step < 20 else frame() if step < 50 else frame((190, 0.9, 3))
        for step in range(80)
    ]
    tracks = ids(follow(film(frames)))
    assert (tracks[19], tracks[50]) == ([1], [2])


def test_a_lorry_that_is_a_truck_here_and_a_car_there_is_one_object():
    # Found as both, a few px apart, too far for duplicates of a frame; each has gaps of its own.
    frames = []
    for step in range(1, 60):
        rows = [(100, 0.9, 8)] if step % 7 else []
        frames.append(frame(*rows, *([(105, 0.6, 3)] if step % 5 else [])))
    tracks = follow(film(frames))
    for here in tracks:
        assert [number for number in here.track_ids.tolist() if number != NO_TRACK] == [1]
        assert here.class_ids[here.track_ids == 1].tolist() == [8]


def test_an_object_found_twice_is_one_from_the_first_frame_of_the_second_on():
    # Its boxes do not lie on each other enough at first: the second would flash up with a number of its own.
    twice = [frame((100, 0.9, 3), (100 + (26 if step < 3 else 4), 0.8, 3)) for step in range(40)]
    frames = [frame((100, 0.9, 3))] * 20 + twice
    settings = TrackSettings(duplicate_overlap=1.0, strong_overlap=0.1)
    shown = [sorted(key for key in here if key != NO_TRACK) for here in ids(follow(film(frames), settings))]
    assert shown == [[1]] * 60


def test_an_object_found_twice_is_one_in_the_frames_too_in_which_both_lie_farther_apart():
    # IoU 0.63 in the first three frames (9 px apart), then 0.74 (6 px): 0.72 on average.
    frames = [frame((100, 0.9, 3), (109 if step < 3 else 106, 0.8, 3)) for step in range(40)]
    assert ids(follow(film(frames))) == [[1, NO_TRACK]] * 40


def test_two_that_hide_each_other_by_half_stay_two():
    # 14 px apart: IoU 0.48.
    assert ids(follow(film([frame((100, 0.9, 3), (114, 0.8, 3))] * 40))) == [[1, 2]] * 40


def pair_of(*boxes: Sequence[float], classes: Sequence[int] = (3, 3)) -> Detections:
    """Two cars, or of other classes, with all of their boxes as masks."""
    masks = np.full((2, 28, 28), 200, np.uint8)
    return Detections(
        np.array(boxes, np.float32), np.array([0.9, 0.8], np.float32), np.array(classes, np.int32), masks
    )


def test_a_part_of_a_car_and_a_mask_over_two_cars_are_no_objects_of_their_own():
    # The second one's box is a third of the first one's, or three times it: an IoU of 0.33, and nothing outside.
    part = pair_of((100, 100, 160, 130), (140, 100, 160, 130))
    assert ids(follow(film([part] * 30))) == [[1, NO_TRACK]] * 30
    over_two = pair_of((100, 100, 120, 130), (100, 100, 160, 130))
    assert ids(follow(film([over_two] * 30))) == [[1, NO_TRACK]] * 30


def test_a_car_that_passes_behind_another_one_stays_one_itself():
    # For eight frames its mask lies in the nearer one's, before and after beside it.
    near = (200, 100, 260, 130)
    frames = [pair_of(near, (100.0 + 6 * step, 105, 120.0 + 6 * step, 125)) for step in range(40)]
    assert ids(follow(film(frames))) == [[1, 2]] * 40


def test_a_red_helmet_is_no_stop_sign():
    frames = [
        pair_of((x, 60, x + 20, 120), (x + 4, 60, x + 16, 70), classes=(1, 13))
        for x in (100.0 + 3 * step for step in range(60))
    ]
    assert ids(follow(film(frames))) == [[1, NO_TRACK]] * 60


def test_a_sign_that_people_pass_stays_one():
    # For eight frames it lies in the mask of the person who passes, and in one, with its post, it is a person itself.
    sign = (200, 60, 212, 72)
    frames = [
        pair_of((100.0 + 4 * step, 60, 120.0 + 4 * step, 120), sign, classes=(1, 13)) for step in range(50)
    ]
    assert ids(follow(film(frames))) == [[1, 2]] * 50
    post = pair_of((196, 60, 216, 120), sign, classes=(1, 13))
    flash = [post if step == 5 else frames[0] for step in range(50)]
    assert [here[1] for here in ids(follow(film(flash)))] == [2] * 50


def test_a_rider_and_the_bicycle_stay_two():
    masks = frame((10, 0.9, 1, 255), (11, 0.7, 2, 0))
    assert ids(follow(film([masks] * 30))) == [[1, 2]] * 30


def test_cars_that_pass_each_other_stay_two():
    frames = [frame((6.0 * step, 0.9, 3), (240.0 - 6 * step, 0.8, 3)) for step in range(41)]
    tracks = ids(follow(film(frames)))
    assert tracks[0] == tracks[40] == [1, 2]


def test_the_class_is_that_of_the_whole_track_from_the_first_frame_on():
    frames = [frame((10, 0.6, 8))] * 3 + [frame((10, 0.8, 3))] * 60
    assert {int(here.class_ids[0]) for here in follow(film(frames))} == {3}


def test_a_class_changes_only_when_the_other_leads_clearly():
    # 100 frames of car, then truck alone: votes are 1.5 times as many after 150 more frames, known 75 frames before.
    frames = [frame((10, 0.8, 3))] * 100 + [frame((10, 0.8, 8))] * 250
    classes = [int(here.class_ids[0]) for here in follow(film(frames))]
    changes = [place for place in range(1, len(classes)) if classes[place] != classes[place - 1]]
    assert len(changes) == 1
    assert 150 < changes[0] < 200


def test_masks_stay_as_they_were_found():
    frames = [frame((10, 0.9, 3, 250 if step % 2 else 150)) for step in range(20)]
    assert [int(here.detections.roi_masks[0, 0, 0]) for here in follow(film(frames))[10:12]] == [150, 250]


def test_frames_that_the_network_did_not_see_are_interpolated():
    frames = [frame((4.0 * step, 0.9, 3)) if step % 5 == 0 else None for step in range(51)]
    tracks = follow(film(frames))
    assert ids(tracks) == [[1]] * 51
    assert [int(here.origins[0]) for here in tracks[5:11]] == [FOUND, *[INTERPOLATED] * 4, FOUND]
    assert [float(here.detections.boxes[0, 0]) for here in tracks] == pytest.approx(
        [4.0 * s for s in range(51)]
    )


def test_between_key_frames_the_camera_is_followed():
    # The picture jerks 10 px to the right in frame 3 and back in frame 4; the object stands in the world.
    jerk = [0.0, 0.0, 0.0, 10.0, 0.0, 0.0]
    frames = [frame((100, 0.9, 3)) if step in (0, 5) else None for step in range(6)]
    motions = [
        FrameMotion(np.array([[1.0, 0, jerk[step] - jerk[max(step - 1, 0)]], [0, 1.0, 0]]))
        for step in range(6)
    ]
    tracks = follow(film(frames, motions=motions))
    assert [float(here.detections.boxes[0, 0]) for here in tracks] == pytest.approx(
        [100, 100, 100, 110, 100, 100]
    )


def test_what_stands_at_the_edge_while_the_world_moves_is_the_own_car():
    # Found for 1.6 s; points go 1 % of the height a frame. A car beside it moves.
    frames = [frame((300.0 + 5 * step, 0.8, 3), (0, 0.7, 3)) for step in range(40)]
    drive = [replace(FrameMotion.none(), moved=0.01)] * 40
    assert ids(follow(film(frames, motions=drive))) == [[1, NO_TRACK]] * 40
    assert ids(follow(film(frames, motions=drive), TrackSettings(own_car="off"))) == [[1, 2]] * 40
    assert ids(follow(film(frames))) == [[1, 2]] * 40  # at a red light a car may stand there as well


def test_the_car_ahead_that_keeps_its_distance_is_not_the_own_car():
    drive = [replace(FrameMotion.none(), moved=0.01)] * 40
    assert ids(follow(film([frame((300, 0.7, 3))] * 40, motions=drive))) == [[1]] * 40


def test_a_car_that_nearly_reaches_the_edge_is_not_the_own_car():
    # Its box ends 0.8 % of the picture's width before the edge: boxes are drawn a little larger than what is in them.
    drive = [replace(FrameMotion.none(), moved=0.01)] * 40
    assert ids(follow(film([frame((32, 0.7, 3))] * 40, motions=drive))) == [[1]] * 40
    assert ids(follow(film([frame((8, 0.7, 3))] * 40, motions=drive))) == [[NO_TRACK]] * 40


def test_a_car_alongside_that_is_surely_one_is_not_the_own_car():
    drive = [replace(FrameMotion.none(), moved=0.01)] * 40
    assert ids(follow(film([frame((0, 0.95, 3))] * 40, motions=drive))) == [[1]] * 40


def test_a_car_that_drives_into_the_own_cars_place_is_drawn_until_it_is_there():
    # Ten frames a car that leaves the picture at 4 px a frame, then what stands at the edge takes its track.
    frames = [
        frame((40.0 - 4 * step if step < 10 else 0, 0.8 if step < 10 else 0.6, 3)) for step in range(60)
    ]
    tracks = ids(follow(film(frames, motions=[replace(FrameMotion.none(), moved=0.01)] * 60)))
    assert tracks[:8] == [[1]] * 8
    assert tracks[12:] == [[NO_TRACK]] * 48


def drive_with_a_sticker(
    score: float | Sequence[float], way: Sequence[float] = (), dense: int = 0
) -> list[FilmFrame]:
    """Twelve seconds on the move; in the middle of the picture stands what the network takes for a car.

    score : of the car, or one a step; 0: not found. way : left edges of its first boxes.
    dense : steps in which edges are looked at twice a second instead of once.
    """
    random = np.random.default_rng(0)
    frames = []
    for step in range(120):
        edges = random.integers(0, 9, (35, 399)).astype(np.uint8)
        edges[9:13, 20:26] = 3  # a cell is 10 px; the box is x 210 to 250, y 100 to 120
        jitter = float(random.normal()) * 2
        left = way[step] if step < len(way) else 210 + jitter
        sure = score if isinstance(score, float) else score[step]
        found = frame(*[(left, sure, 3)] * (sure > 0), (600 + 3 * step, 0.7, 3))
        moved = replace(FrameMotion.none(), moved=0.02)
        frames.append(
            FilmFrame(step / 10, found, moved, edges if step % (5 if step < dense else 10) == 0 else None)
        )
    return frames


def test_what_stands_in_the_middle_of_the_windscreen_is_told_by_its_edges():
    assert ids(follow(drive_with_a_sticker(0.6)))[60:] == [[NO_TRACK, 2]] * 60
    off = TrackSettings(own_car="off")
    assert ids(follow(drive_with_a_sticker(0.6), off))[60:] == [[1, 2]] * 60


def test_at_the_films_begin_it_is_told_too_and_where_its_boxes_are_not_all_of_it():
    # Six looks at the edges are needed, which the lag of 3 s has with two a second. The first boxes hold half of it.
    hidden = [[NO_TRACK, 2]] * 120
    assert ids(follow(drive_with_a_sticker(0.6, dense=31))) == hidden
    assert ids(follow(drive_with_a_sticker(0.6, [182.0] * 8 + [196.0] * 4, dense=31))) == hidden
    assert ids(follow(drive_with_a_sticker(0.95, [182.0] * 8 + [196.0] * 4, dense=31))) == [[1, 2]] * 120
    # A car that drives there from elsewhere, 12 px a frame, is drawn until it is there.
    coming = ids(follow(drive_with_a_sticker(0.6, [90.0 + 12 * step for step in range(10)], dense=31)))
    assert coming[:7] == [[1, 2]] * 7
    assert coming[12:] == [[NO_TRACK, 2]] * 108


def test_what_stands_is_told_by_all_that_is_known_of_it():
    # For two seconds the network is as sure as of a car, and three are known: it is drawn for the first half second.
    scores = [0.0] * 60 + [0.95] * 20 + [0.6] * 40
    assert sum(2 in here for here in ids(follow(drive_with_a_sticker(scores)))) == 5


def test_what_stands_goes_on_standing_where_its_boxes_shift():
    # By 18 of 40 px, an IoU of 0.38; a third of the edges in them does not stand.
    shifting = ids(follow(drive_with_a_sticker(0.6, [210.0] * 80 + [192.0] * 40)))
    assert shifting[60:] == [[NO_TRACK, 2]] * 60


def test_a_car_that_is_followed_at_one_distance_is_drawn_though_its_edges_stand():
    assert ids(follow(drive_with_a_sticker(0.95)))[60:] == [[1, 2]] * 60


def busy_film(seed: int, count: int) -> list[FilmFrame]:
    """Seven objects that come and go, one found twice, with noise, a cut, frames unseen, a shaking camera, edges."""
    random = np.random.default_rng(seed)
    frames = []
    # The first lane's objects lie on edges that stand; the others' face anywhere.
    standing = random.integers(1, 9, (4, 35, 399)).astype(np.uint8)
    standing[:, 8:14, :10] = 3
    for step in range(count):
        rows = [
            (
                50.0 * lane + step * (lane - 3) + random.normal(),
                float(random.uniform(0.15, 1)),
                int(kind),
                90 + lane,
            )
            for lane, kind in enumerate(random.choice([1, 3, 8], 7))
        ]
        rows += [(rows[2][0] + 3, 0.6, 8)] if step % 3 else []
        kept = sorted((row for row in rows if random.random() < 0.7), key=lambda row: -row[1])
        shake = FrameMotion(
            np.array([[1.0, 0.0, random.normal()], [0.0, 1.0, 0.0]]), 0.05, step == count // 2
        )
        found = frame(*kept) if step % 4 else None
        frames.append(FilmFrame(step / 25 + random.uniform(0, 0.01), found, shake, random.choice(standing)))
    return frames


def as_lists(tracks: list[Tracks]) -> list[object]:
    return [
        (
            here.track_ids.tolist(),
            here.class_ids.tolist(),
            here.peak_scores.tolist(),
            here.origins.tolist(),
            here.detections.boxes.tolist(),
            here.detections.roi_masks[:, 0, 0].tolist(),
        )
        for here in tracks
    ]


def finished(state: bytes, tracks: Sequence[Tracks]) -> tuple[list[object], list[object]]:
    """The film's tracks and its own car. state : its last one."""
    found = FilmTracker.own_car(state)
    assert found is not None
    return as_lists(tracks), found.tolist()


RULES = TrackSettings(lag_seconds=0.8)


@cache
def whole(seed: int) -> tuple[list[object], list[object]]:
    tracker = FilmTracker(RULES, NAMES, SIZE)
    return finished(*tracker.follow(tracker.start(), busy_film(seed, 60), is_end=True))


# A failure is told as it is found: to look for a smaller one would take minutes of films.
@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))
@example(0, [20, 40])
@given(st.integers(0, 2), st.lists(st.integers(1, 59), max_size=6))
def test_any_cut_into_chunks_gives_the_same_tracks(seed: int, cuts: list[int]):
    frames = busy_film(seed, 60)
    tracker = FilmTracker(RULES, NAMES, SIZE)
    state, tracks = tracker.start(), list[Tracks]()
    for stop in (*sorted(set(cuts)), 60):
        state, final = tracker.follow(bytes(bytearray(state)), frames[len(tracks) : stop], is_end=stop == 60)
        tracks += final
    chunked = finished(state, tracks)
    assert chunked == whole(seed)
    assert any(number > 5 for here in chunked[0] for number in here[0])  # type: ignore[index]


def test_what_it_remembers_is_bounded_by_the_lag():
    tracker = FilmTracker(TrackSettings(lag_seconds=1.0), NAMES, SIZE)
    state, sizes, waiting = tracker.start(), [], list[FilmFrame]()
    for part in range(8):
        waiting += [
            FilmFrame((part * 50 + step) / 25, frame((10.0 + step, 0.9, 3), (500.0 * (step % 2), 0.6, 1)))
            for step in range(50)
        ]
        state, final = tracker.follow(state, waiting)
        del waiting[: len(final)]
        sizes.append(len(state))
    assert max(sizes[2:]) < 1.1 * min(sizes[2:])


def test_a_state_does_not_repeat_what_was_found():
    random, tracker = np.random.default_rng(0), FilmTracker(TrackSettings(lag_seconds=1.0), NAMES, SIZE)
    noisy = [
        replace(frame((10.0 + step, 0.9, 3)), roi_masks=random.integers(0, 256, (1, 28, 28), np.uint8))
        for step in range(50)
    ]
    state, final = tracker.follow(tracker.start(), film(noisy))
    assert len(state) < 28 * 28 * (len(noisy) - len(final)) / 4


def test_detections_that_belong_to_nothing_keep_their_rows():
    frames = film([frame((10, 0.9, 3), (300, 0.15, 1))] * 10)
    tracks = follow(frames)
    assert ids(tracks) == [[1, NO_TRACK]] * 10
    assert tracks[0].detections.scores.tolist() == pytest.approx([0.9, 0.15])


def test_a_film_without_objects_has_empty_frames():
    assert ids(follow(film([Detections.empty()] * 5))) == [[]] * 5
