"""Labels over a film: steady, sparse, out of each other's way, and the same wherever the film is cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.render.frame_labels import FrameLabels, pack_labels, unpack_labels
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.label_state import LabelState
from pipeline.render.neighbours import AHEAD_SECONDS
from pipeline.render.palette import COLOURS, contrasts
from pipeline.render.plate import capitals_px, plate_size
from pipeline.render.settings import RenderSettings
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks

NAMES = {1: "person", 3: "car", 8: "truck"}
HEIGHT, WIDTH = 720, 1280

#: Track id, class id, and the box's x1, y1, x2, y2 in px.
Object = tuple[int, int, float, float, float, float]
Film = Sequence[tuple[float, Tracks]]


def tracks(*objects: Object) -> Tracks:
    count = len(objects)
    found = Detections(
        np.array([one[2:] for one in objects], np.float32).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.array([one[1] for one in objects], np.int32),
        np.full((count, 28, 28), 255, np.uint8),
    )
    return Tracks(found, np.array([one[0] for one in objects], np.int64), found.class_ids, found.scores)


def plan(*frames: Sequence[Object], rate: float = 25.0, **asked: object) -> list[FrameLabels]:
    planner = LabelPlanner(RenderSettings(**asked), WIDTH, HEIGHT, NAMES)
    film = [(number / rate, tracks(*objects)) for number, objects in enumerate(frames)]
    return planner.follow(planner.start(), film)[1]


def place(labels: FrameLabels, track_id: int) -> tuple[int, int] | None:
    """Left and top; None without a label."""
    row = labels.track_ids.tolist().index(track_id)
    left, top = labels.places[row].tolist()
    return None if left < 0 else (left, top)


def areas(labels: FrameLabels, text: str = "car 1") -> list[tuple[int, int, int, int]]:
    rows, columns = plate_size(text, capitals_px(HEIGHT))
    return [(x, y, x + columns, y + rows) for x, y in labels.places.tolist() if x >= 0]


def share(first: Sequence[float], second: Sequence[float]) -> float:
    """Pixels that two areas have in common."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    return max(across, 0) * max(min(first[3], second[3]) - max(first[1], second[1]), 0)


def car(track_id: int, x: float, y: float, side: float = 120.0) -> Object:
    return (track_id, 3, x, y, x + side, y + side)


def test_objects_side_by_side_keep_their_order_and_one_that_comes_nearer_takes_its_own():
    feet = 0, 6, -5, 4, -6, 5, -4, 6, -5, 0
    jitter = [[car(1, 400, 300), car(2, 500, 300 + by)] for by in feet]
    orders = [labels.track_ids.tolist() for labels in plan(*jitter)]
    assert orders == [orders[0]] * len(feet)
    coming = plan(*[[car(1, 400, 300), car(2, 500, 240 + 4 * step)] for step in range(30)])
    assert [labels.track_ids.tolist() for labels in (coming[0], coming[-1])] == [[2, 1], [1, 2]]


def test_a_label_stands_over_the_middle_of_its_object():
    (labels,) = plan([car(1, 400, 300)])
    ((left, top, right, bottom),) = areas(labels)
    assert abs((left + right) / 2 - 460) <= 1
    assert 0 < 300 - bottom < 10
    assert labels.leaders.tolist() == [[-1] * 4]
    assert top > 200


def test_under_the_upper_edge_it_hangs_below():
    (labels,) = plan([car(1, 400, 3, 90)])
    assert place(labels, 1)[1] > 90


def test_an_object_as_large_as_the_frame_has_its_label_inside():
    (labels,) = plan([(1, 3, 0, 0, WIDTH, HEIGHT)])
    ((left, top, right, bottom),) = areas(labels)
    assert left >= 0
    assert top >= 0
    assert right <= WIDTH
    assert bottom <= HEIGHT


def test_auto_names_near_objects_and_people_from_farther_away():
    far_car, far_person, near = car(1, 100, 300, 45), (2, 1, 300, 300, 345, 345), car(3, 600, 300)
    (labels,) = plan([far_car, far_person, near])
    assert place(labels, 1) is None
    assert place(labels, 2) is not None
    assert place(labels, 3) is not None
    assert len(labels) == 3


def test_one_that_is_new_on_the_scene_is_named_earlier_than_one_that_was_there():
    film = [[car(1, 100, 300, 52)]] * 10 + [[car(1, 100, 300, 52), car(2, 600, 300, 52)]] * 5
    last = plan(*film)[-1]
    assert place(last, 1) is None
    assert place(last, 2) is not None


def test_all_names_every_object_and_none_not_one():
    crowd = [car(number, 60 + 70 * number, 300, 30) for number in range(1, 15)]
    assert len(areas(plan(crowd, labels="all")[0])) == 14
    assert areas(plan(crowd, labels="none")[0]) == []
    assert areas(plan(crowd, style=("masks",))[0]) == []


def test_a_size_that_wavers_about_the_limit_does_not_make_the_label_blink():
    film = [[car(1, 300, 300, 66 if number % 6 < 3 else 56)] for number in range(60)]
    named = [place(labels, 1) is not None for labels in plan(*film)]
    assert sum(first != second for first, second in pairwise(named)) == 0


def test_a_box_that_jitters_leaves_its_label_where_it_is():
    random = np.random.default_rng(3)
    film = [[car(1, 400 + jitter[0], 300 + jitter[1])] for jitter in random.normal(0, 1.5, (60, 2))]
    places = [place(labels, 1) for labels in plan(*film)]
    moved = [abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(places)]
    assert max(moved) <= 3  # of up to 10 px a frame
    assert sum(moved) < 30


def test_a_label_follows_its_object_and_lags_by_little():
    film = [[car(1, 100 + 8 * number, 300)] for number in range(60)]
    left, _ = place(plan(*film)[-1], 1)
    (still,) = plan([car(1, 100 + 8 * 59, 300)])
    assert abs(left - place(still, 1)[0]) < 25


def test_a_label_keeps_its_side_while_another_object_passes_and_then_has_not_moved():
    def passing(number: int) -> Object:
        return car(2, 40.0 * number, 290, 30)

    film = [[car(1, 600, 330), passing(number)] for number in range(30)]
    places = [place(labels, 1) for labels in plan(*film)]
    assert len(set(places)) == 1


def test_a_label_that_another_one_drives_away_rests_before_it_stands_elsewhere():
    # The second object's upper edge rises until its label would lie on that of the first; free is the far corner.
    edges = [340] * 10 + [340 - 20 * step for step in range(9)] + [180] * 60
    first = car(1, 590, 180, 100)
    labels = plan([first], *[[first, (2, 3, 0, edge, 1280, 720)] for edge in edges])
    places = [place(here, 2) for here in labels[1:]]
    assert places[17] == (612, 183)
    assert places[18:48] == [None] * 30  # 1.2 s
    assert places[48:] == [(0, 156)] * (len(places) - 48)


def test_a_label_comes_back_to_its_object_when_there_is_room():
    def person(track_id: int, x: float) -> Object:
        return track_id, 1, x, 560, x + 38, 720

    apart = [6 * max(number - 20, 0) for number in range(100)]
    sides = [[person(1, 400 - far), person(3, 480 + far)] for far in apart]
    labels = plan(sides[0], *[[*both, person(2, 440)] for both in sides])
    row = labels[1].track_ids.tolist().index(2)
    assert labels[1].leaders[row, 0] >= 0
    assert labels[-1].leaders[row, 0] < 0
    assert 0 < 560 - place(labels[-1], 2)[1] < 30


def test_a_label_stays_on_a_near_object_that_is_under_it_for_half_a_second_alone():
    film = [
        [car(1, 600, 330), *([car(2, 620, 240, 88)] if 10 <= number < 22 else [])] for number in range(40)
    ]
    assert len({place(labels, 1) for labels in plan(*film)}) == 1


def test_a_place_that_is_only_a_little_worse_is_kept_for_good():
    # A far object reaches into the label by a fifth of it: too little to move for.
    far = (2, 3, 683.0, 300.0, 743.0, 340.0)
    film = [[car(1, 600, 330)]] * 10 + [[car(1, 600, 330), far]] * 40
    assert len({place(labels, 1) for labels in plan(*film)}) == 1


def test_a_label_leaves_a_place_that_is_taken_for_good_without_a_jump():
    film = [[car(1, 600, 330)]] * 10 + [[car(1, 600, 330), car(2, 620, 240, 88)]] * 40
    places = [place(labels, 1) for labels in plan(*film)]
    assert places[-1] != places[0]
    moved = [max(abs(a - c), abs(b - d)) for (a, b), (c, d) in pairwise(places) if (a, b) != (c, d)]
    way = np.abs(np.subtract(places[-1], places[0])).max()
    assert moved[0] < 0.1 * way
    assert max(moved) < 0.25 * way


@given(
    st.lists(
        st.tuples(st.floats(0, WIDTH - 90), st.floats(0, HEIGHT - 90), st.floats(62, 90)),
        min_size=1,
        max_size=9,
    )
)
def test_labels_of_auto_hardly_ever_lie_on_each_other(objects):
    (labels,) = plan([car(number, *one) for number, one in enumerate(objects, start=1)])
    found = areas(labels)
    size = (found[0][2] - found[0][0]) * (found[0][3] - found[0][1]) if found else 1
    shared = [share(first, second) for row, first in enumerate(found) for second in found[:row]]
    assert max(shared, default=0) <= 0.2 * size


def test_a_label_finds_room_beside_other_near_objects():
    row = [car(number, 300 + 110 * number, 300, 100) for number in range(1, 5)]
    above = [car(number, 300 + 110 * (number - 4), 190, 100) for number in range(5, 9)]
    (labels,) = plan([*row, *above])
    boxes = [one[2:] for one in (*row, *above)]
    rows = {int(track): area for track, area in zip(labels.track_ids, areas(labels), strict=False)}
    assert len(areas(labels)) >= 4
    for area in rows.values():
        assert sum(share(area, box) > 0.3 * (area[2] - area[0]) * (area[3] - area[1]) for box in boxes) <= 1


def test_a_label_that_stands_away_has_a_leader_into_its_object():
    small, crowd = (
        (1, 1, 600.0, 400.0, 640.0, 470.0),
        [car(n, 545 + 75 * (n - 2), 325, 74) for n in range(2, 4)],
    )
    sides = [car(4, 500, 400, 96), car(5, 645, 400, 96), car(6, 570, 472, 100)]
    (labels,) = plan([small, *crowd, *sides], labels="all")
    row = labels.track_ids.tolist().index(1)
    x1, y1, x2, y2 = labels.leaders[row].tolist()
    assert (x1, y1) != (-1, -1)
    assert 600 <= x2 <= 640
    assert 400 <= y2 <= 470
    # A mask of which only the right quarter of the box is inside, as a bicycle's under its rider.
    frame = tracks(small, *crowd, *sides)
    frame.detections.roi_masks[0, :, :21] = 0
    planner = LabelPlanner(RenderSettings(labels="all"), WIDTH, HEIGHT, NAMES)
    (labels,) = planner.follow(planner.start(), [(0.0, frame)])[1]
    assert labels.leaders[row, 2] == 600 + round(40 * 7 / 8)
    assert min(labels.leaders[row, 3] - 400, 470 - labels.leaders[row, 3]) == 11  # 70 / 6, on whole cells


def test_a_track_keeps_its_colour_for_life_and_through_a_gap():
    film = [[car(1, 100 + number, 300), car(2, 700 - number, 300)] for number in range(40)]
    film[10:20] = [[car(2, 700, 300)]] * 10
    found = {
        (int(key), int(colour))
        for labels in plan(*film)
        for key, colour in zip(labels.track_ids, labels.colours, strict=True)
    }
    assert len(found) == 2


def test_what_has_been_gone_for_two_seconds_takes_no_colour():
    count = len(COLOURS)
    others = [car(number, 100, 300) for number in range(2, count + 1)]
    film = [[car(1, 1000, 300), *others]] + [[car(1, 1000, 300)]] * 50
    labels = plan(*film, [car(1, 1000, 300), car(count + 1, 100, 300)])[-1]
    assert len(set(labels.colours.tolist())) == 2


def test_neighbours_contrast_whatever_their_numbers():
    for numbers in ([1, 13, 25, 37], [5, 17, 6, 18]):
        (labels,) = plan([car(number, 300 + 90 * place, 300, 80) for place, number in enumerate(numbers)])
        pairs = contrasts()[np.ix_(labels.colours, labels.colours)][np.triu_indices(4, 1)]
        assert pairs.min() > 0.15


def test_a_colour_contrasts_with_what_is_near_later_on():
    # Every colour is taken; the new object has that of the first, unless it is known that it will stand under it.
    count = len(COLOURS)
    others = [car(number, 90.0 * number, 100, 20) for number in range(1, count + 1)]
    film = [[*others, car(count + 1, 90, 650 - 10 * step, 20)] for step in range(51)]

    def contrast(*frames: Sequence[Object]) -> float:
        labels = plan(*frames)[0]
        colours = dict(zip(labels.track_ids.tolist(), labels.colours.tolist(), strict=True))
        return float(contrasts()[colours[1], colours[count + 1]])

    assert contrast(*film[:5]) == 0
    assert contrast(*film) > 0.3


def test_colours_of_classes_are_the_same_everywhere():
    (labels,) = plan([car(1, 100, 300), (2, 1, 400, 300, 440, 400), car(3, 600, 300)], color_by="class")
    colour = dict(zip(labels.track_ids.tolist(), labels.colours.tolist(), strict=True))
    assert colour[1] == colour[3] != colour[2]


def drive(seed: int, frames: int) -> Film:
    """Objects that come, grow, cross and go, at uneven times."""
    random = np.random.default_rng(seed)
    starts, speeds = random.uniform(0, 1000, (6, 2)), random.normal(0, 160, (6, 2))
    film, seconds = [], 0.0
    for number in range(frames):
        seconds += float(random.uniform(0.01, 0.25))  # in all some seconds more than AHEAD_SECONDS
        alive = [row for row in range(6) if row * 5 <= number < row * 5 + 40 and (number + row) % 11]
        objects = []
        for row in alive:
            x, y = (starts[row] + speeds[row] * seconds) % [1150, 560]
            objects.append(car(row + 1, x, y, 40 + 14.0 * row + 10 * seconds))
        film.append((seconds, tracks(*objects)))
    return film


@settings(max_examples=15)
@given(st.integers(0, 5), st.lists(st.integers(0, 60), max_size=6))
def test_the_film_may_be_cut_anywhere(seed, cuts):
    planner = LabelPlanner(RenderSettings(), WIDTH, HEIGHT, NAMES)
    film = drive(seed, 60)
    end, whole = planner.follow(planner.start(), film)
    state, parts = planner.start(), []
    for start, stop in zip([0, *sorted(cuts)], [*sorted(cuts), 60], strict=True):
        ahead = film[stop - 1][0] + AHEAD_SECONDS if stop else 0.0
        coming = [frame for frame in film[stop:] if frame[0] <= ahead]
        state, part = planner.follow(LabelState.from_json(state.to_json()), film[start:stop], coming)
        parts += part
    assert (pack_labels(parts) == pack_labels(whole)).all()
    assert (pack_labels(list(planner.film(iter(film)))) == pack_labels(whole)).all()
    assert state == end
    assert any(areas(labels) for labels in whole)


def test_the_state_that_is_given_is_left_as_it_was():
    planner = LabelPlanner(RenderSettings(), WIDTH, HEIGHT, NAMES)
    film = drive(1, 20)
    state, _ = planner.follow(planner.start(), film[:10])
    before = state.to_json()
    planner.follow(state, film[10:])
    assert state.to_json() == before


def test_a_table_of_labels_unpacks_to_the_same_frames():
    film = [[car(1, 400, 300)], [], [car(1, 400, 300), car(2, 100, 100, 20)]]
    labels = plan(*film)
    again = unpack_labels(pack_labels(labels), 3)
    assert [len(one) for one in again] == [1, 0, 2]
    assert (pack_labels(again) == pack_labels(labels)).all()
    assert again[2].places.dtype == np.int64


@pytest.mark.parametrize(
    "table", [np.zeros((2, 8), np.int64), np.array([[3] + [0] * 8]), np.array([[1] + [0] * 8, [0] * 9])]
)
def test_a_table_of_other_frames_is_refused(table):
    with pytest.raises(ValueError, match="labels of 2 frames"):
        unpack_labels(table, 2)
