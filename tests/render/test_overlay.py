"""Painting: what is shown, in which colour, and that all else is as it was decoded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.render.frame_labels import FrameLabels
from pipeline.render.label import label_text
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.render.palette import COLOURS
from pipeline.render.plate import capitals_px, plate_size
from pipeline.render.settings import RenderSettings
from pipeline.render.yuv_colour import YuvColour, yuv_colour
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.structures.yuv_frame import YuvFrame

NAMES = {1: "person", 3: "car"}
HEIGHT, WIDTH = 90, 160


def noise(steps: tuple[int, int] = (2, 2), height: int = HEIGHT, width: int = WIDTH) -> YuvFrame:
    random = np.random.default_rng(1)
    chroma = (-(-height // steps[0]), -(-width // steps[1]))
    shapes = ((height, width), chroma, chroma)
    planes = (random.integers(16, 236, shape).astype(np.uint8) for shape in shapes)
    return YuvFrame(*planes, bit_depth=8, full_range=False, matrix="bt709")


def tracks(*rows: tuple[tuple[float, float, float, float], int, int, float]) -> Tracks:
    """Tracks of (box, class id, track id, score), each filling its box."""
    count = len(rows)
    found = Detections(
        np.array([row[0] for row in rows], np.float32).reshape(count, 4),
        np.array([row[3] for row in rows], np.float32).reshape(count),
        np.array([row[1] for row in rows], np.int32).reshape(count),
        np.full((count, 28, 28), 255, np.uint8),
    )
    ids = np.array([row[2] for row in rows], np.int64).reshape(count)
    return Tracks(found, ids, found.class_ids, found.scores)


CAR = ((40.0, 30.0, 80.0, 60.0), 3, 1, 0.9)


def plan(shown: Tracks, settings: RenderSettings, height: int = HEIGHT, width: int = WIDTH) -> FrameLabels:
    planner = LabelPlanner(settings, width, height, NAMES)
    return planner.follow(planner.start(), [(0.0, shown)])[1][0]


def paint(frame: YuvFrame, shown: Tracks, **settings: object) -> YuvFrame:
    asked = RenderSettings(**settings)
    return Overlay(asked, NAMES).paint(frame, shown, plan(shown, asked, frame.height, frame.width))


def plates(shown: Tracks, labels: FrameLabels, frame: YuvFrame) -> np.ndarray:
    """bool [H, W]: the pixels under labels that tell the score."""
    covered = np.zeros(frame.y.shape, np.bool_)
    for row, (left, top) in enumerate(labels.places.tolist()):
        class_id, track_id = int(shown.class_ids[row]), int(shown.track_ids[row])
        text = label_text(NAMES[class_id], track_id, float(shown.peak_scores[row]))
        rows, columns = plate_size(text, capitals_px(frame.height))
        left = min(left, frame.width - columns)
        covered[top : top + rows, left : left + columns] = True
    return covered


def first_colour() -> YuvColour:
    return yuv_colour(COLOURS[0], "bt709", 8, full_range=False)


def changed(before: YuvFrame, after: YuvFrame) -> tuple[np.ndarray, ...]:
    return tuple(old != new for old, new in zip(before.planes, after.planes, strict=True))


def test_a_mask_mixes_its_colour_into_its_own_pixels_and_no_other():
    before = noise()
    after = paint(before, tracks(CAR), style=("masks",), alpha=0.5)
    first = first_colour()
    assert after.y[45, 60] == (int(before.y[45, 60]) + first.y + 1) // 2
    assert after.u[22, 30] == (int(before.u[22, 30]) + first.u + 1) // 2
    luma, blue, red = changed(before, after)
    outside = np.ones((HEIGHT, WIDTH), np.bool_)
    outside[29:61, 39:81] = False  # the edge is a pixel soft
    assert not luma[outside].any()
    assert not blue[:14].any()
    assert not red[:, :19].any()


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("style", [("masks",), ("masks", "outlines", "boxes", "labels")])
def test_all_that_lies_under_nothing_keeps_its_numbers(steps, style):
    before = noise(steps, 91, 161)
    random = np.random.default_rng(2)
    found = tracks(((3.3, 25.7, 158.2, 90.9), 3, 1, 0.9), ((20.0, 2.0, 47.0, 19.0), 1, 2, 0.8)).detections
    ragged = replace(found, roi_masks=random.integers(0, 256, (2, 28, 28), np.uint8))
    shown = Tracks(ragged, np.array([1, 2]), ragged.class_ids, ragged.scores)
    settings = RenderSettings(style=style, labels="all", label_scores=True)
    overlay, labels = Overlay(settings, NAMES), plan(shown, settings, 91, 161)
    in_order = overlay.in_order(shown, labels)
    covered = plates(in_order, labels, before) if "labels" in style else np.zeros((91, 161), np.bool_)
    for _, (left, top, alpha) in overlay.object_layers(in_order, 91, 161):
        covered[top : top + alpha.shape[0], left : left + alpha.shape[1]] |= alpha > 0
    luma, blue, red = changed(before, overlay.paint(before, shown, labels))
    padded = np.pad(covered, ((0, 1), (0, 1)))
    rows, columns = np.arange(0, 91, steps[0]), np.arange(0, 161, steps[1])
    touched = np.zeros(before.u.shape, np.bool_)
    for down in range(steps[0]):
        for across in range(steps[1]):
            touched |= padded[np.ix_(rows + down, columns + across)]
    assert not luma[~covered].any()
    assert luma[covered].mean() > 0.8
    assert not blue[~touched].any()
    assert not red[~touched].any()
    assert 0.1 < covered.mean() < 0.95


def test_the_frame_that_was_given_is_left_as_it_was():
    before = noise()
    kept = [plane.copy() for plane in before.planes]
    paint(before, tracks(CAR))
    assert all((old == new).all() for old, new in zip(kept, before.planes, strict=True))


def test_a_frame_without_tracks_comes_back_bit_for_bit():
    before = noise()
    assert not any(plane.any() for plane in changed(before, paint(before, tracks())))


def test_an_outline_runs_along_the_edge_and_leaves_the_middle():
    before = noise()
    after = paint(before, tracks(CAR), style=("outlines",))
    first = first_colour().y
    assert np.abs(after.y[30, 44:76].astype(int) - first).mean() < 20
    assert np.abs(after.y[34:56, 79].astype(int) - first).mean() < 20
    assert (after.y[33:57, 43:77] == before.y[33:57, 43:77]).all()


def test_the_line_of_a_near_object_is_thicker_than_that_of_a_far_one_and_grows_with_the_picture():
    def line_px(side: float, height: int) -> int:
        before = noise(height=height, width=2 * height)
        box = (8.0, 40.0, 8.0 + side, 40.0 + side)
        column = round(8 + side / 2)
        return int(
            (changed(before, paint(before, tracks((box, 3, 1, 0.9)), style=("outlines",)))[0])[
                :, column
            ].sum()
        )

    assert line_px(20, 720) < line_px(120, 720) < line_px(240, 1440)


def test_a_box_that_leaves_the_frame_has_no_line_along_the_frame():
    before = noise()
    after = paint(before, tracks(((-20.0, 30.0, 40.0, 60.0), 3, 1, 0.9)), style=("boxes",))
    first = first_colour().y
    assert (after.y[30, :40] == first).all()
    assert (after.y[30:60, 39] == first).all()
    assert (after.y[32:58, :38] == before.y[32:58, :38]).all()


def test_a_label_is_painted_above_its_box_only():
    before = noise()
    luma = changed(before, paint(before, tracks(CAR), style=("labels",)))[0]
    rows, columns = np.flatnonzero(luma.any(axis=1)), np.flatnonzero(luma.any(axis=0))
    assert 24 <= rows[-1] < 30
    assert abs((columns[0] + columns[-1]) / 2 - 60) < 3


def test_a_label_has_the_score_only_when_asked():
    before = noise()
    other = tracks((CAR[0], 3, 1, 0.8))
    plain = {"style": ("labels",)}
    assert not changed(paint(before, tracks(CAR), **plain), paint(before, other, **plain))[0].any()
    plain["label_scores"] = True
    assert changed(paint(before, tracks(CAR), **plain), paint(before, other, **plain))[0].any()


def test_the_score_in_a_label_is_the_one_that_decides_what_is_shown():
    before, shown = noise(), tracks(CAR)
    weak = replace(shown, detections=replace(shown.detections, scores=np.array([0.2], np.float32)))
    style = {"style": ("labels",), "label_scores": True}
    assert not changed(paint(before, shown, **style), paint(before, weak, **style))[0].any()


@pytest.mark.parametrize("settings", [{"labels": "none"}, {"style": ("masks", "outlines", "boxes")}])
def test_without_labels_only_the_object_is_painted(settings):
    before = noise()
    luma = changed(before, paint(before, tracks(CAR), **settings))[0]
    assert luma[30:60, 40:80].mean() > 0.95  # a number may be the colour's own
    assert not luma[:29].any()


def test_colour_is_the_one_that_was_planned():
    before, settings = noise(), RenderSettings(style=("outlines",))
    labels = FrameLabels.from_rows([[1, 4, -1, -1, -1, -1, -1, -1]])
    after = Overlay(settings, NAMES).paint(before, tracks(CAR), labels)
    planned = yuv_colour(COLOURS[4], "bt709", 8, full_range=False)
    assert np.abs(after.y[35:55, 40].astype(int) - planned.y).mean() < 20
    assert (
        np.abs(after.v[18:28, 20].astype(int) - planned.v).mean()
        < np.abs(before.v[18:28, 20].astype(int) - planned.v).mean()
    )


def test_labels_of_another_frame_are_refused():
    settings = RenderSettings()
    with pytest.raises(ValueError, match=r"expected those of the tracks \[1\], found \[2\]"):
        Overlay(settings, NAMES).paint(noise(), tracks(CAR), plan(tracks((CAR[0], 3, 2, 0.9)), settings))


def test_a_leader_runs_from_the_label_to_the_object_and_may_end_at_the_frame():
    before, settings = noise(), RenderSettings(style=("labels",))
    labels = FrameLabels.from_rows([[1, 0, 20, 4, 50, 19, 159, 89]])
    luma = changed(before, Overlay(settings, NAMES).paint(before, tracks(CAR), labels))[0]
    rows, columns = plate_size(label_text("car", 1, None), capitals_px(HEIGHT))
    luma[4 : 4 + rows, 20 : 20 + columns] = False
    down, across = np.nonzero(luma)
    off_the_line = np.abs((across - 50) * (89 - 19) - (down - 19) * (159 - 50)) / np.hypot(89 - 19, 159 - 50)
    assert off_the_line.max() < 3
    assert luma[54, 104]
    assert luma[88, 158]
    assert not luma[80, 20]


def test_the_nearer_object_lies_on_top():
    far, near = ((40.0, 20.0, 80.0, 50.0), 3, 1, 0.9), ((60.0, 30.0, 100.0, 70.0), 3, 2, 0.6)
    shown, settings = tracks(far, near), RenderSettings(style=("masks",), alpha=1.0)
    labels = plan(shown, settings)
    after = Overlay(settings, NAMES).paint(noise(), shown, labels)
    of_near = COLOURS[labels.colours[labels.track_ids == 2][0]]
    assert after.y[40, 70] == yuv_colour(of_near, "bt709", 8, full_range=False).y
    assert labels.colours[0] != labels.colours[1]


def test_a_pixel_has_the_colour_of_one_object():
    nearer, farther = ((40.0, 30.0, 80.0, 70.0), 3, 1, 0.9), ((60.0, 20.0, 100.0, 60.0), 3, 2, 0.9)
    before = noise()
    alone, both = (paint(before, tracks(*shown), style=("masks",)) for shown in ([nearer], [nearer, farther]))
    shared, free = np.s_[32:58, 62:78], np.s_[22:58, 82:98]
    assert (both.y[shared] == alone.y[shared]).all()
    assert (alone.y[free] == before.y[free]).all()
    assert (both.y[free] != before.y[free]).any()


def test_objects_are_painted_in_the_order_of_their_labels():
    one, other = ((40.0, 30.0, 80.0, 70.0), 3, 1, 0.9), ((60.0, 20.0, 100.0, 60.0), 3, 2, 0.9)
    shown, settings = tracks(one, other), RenderSettings(style=("masks",), alpha=1.0)
    labels = plan(shown, settings)
    for last in (1, 2):
        order = [labels.track_ids.tolist().index(key) for key in (3 - last, last)]
        columns = (labels.track_ids, labels.colours, labels.places, labels.leaders)
        painted = Overlay(settings, NAMES).paint(
            noise(), shown, FrameLabels(*(one[order] for one in columns))
        )
        colour = COLOURS[labels.colours[labels.track_ids == last][0]]
        assert painted.y[45, 70] == yuv_colour(colour, "bt709", 8, full_range=False).y


@pytest.mark.parametrize(
    ("row", "settings"),
    [
        ((CAR[0], 3, 1, 0.4), {}),
        ((CAR[0], 3, NO_TRACK, 0.9), {}),
        (CAR, {"classes": ("person",)}),
        (CAR, {"classes": (1,)}),
        (CAR, {"conf": 0.95}),
    ],
)
def test_weak_untracked_and_unwanted_objects_are_not_shown(row, settings):
    before = noise()
    assert not changed(before, paint(before, tracks(row), **settings))[0].any()


@pytest.mark.parametrize("classes", [("car",), (3,), ("3",), ("person", "car")])
def test_classes_are_asked_for_by_name_or_id(classes):
    before = noise()
    assert changed(before, paint(before, tracks(CAR), classes=classes))[0].any()


def test_an_object_that_was_sure_once_stays_shown_when_its_score_dips():
    dipped = tracks((CAR[0], 3, 1, 0.3))
    seen_before = Tracks(dipped.detections, dipped.track_ids, dipped.class_ids, np.array([0.8], np.float32))
    before = noise()
    assert changed(before, paint(before, seen_before))[0].any()


def test_a_box_outside_the_frame_is_no_fault():
    before = noise()
    after = paint(
        before, tracks(((200.0, 10.0, 220.0, 30.0), 3, 1, 0.9)), style=("masks", "outlines", "boxes")
    )
    assert not changed(before, after)[0].any()


@pytest.mark.parametrize(
    "wrong",
    [
        {"style": ("mask",)},
        {"style": ()},
        {"alpha": 1.5},
        {"conf": -0.1},
        {"color_by": "score"},
        {"labels": "some"},
    ],
)
def test_a_setting_that_means_nothing_is_refused(wrong):
    with pytest.raises(ConfigError):
        RenderSettings(**wrong)


def test_of_too_many_objects_those_of_the_best_scores_are_painted():
    boxes = [(float(left), 10.0, left + 30.0, 40.0) for left in (0, 40, 80, 120)]
    found = tracks(
        *(
            (box, 3, 1 + row, score)
            for row, (box, score) in enumerate(zip(boxes, (0.7, 0.9, 0.6, 0.9), strict=True))
        )
    )
    before = noise()
    for most, painted in ((1, {1}), (3, {0, 1, 3}), (9, {0, 1, 2, 3}), (None, {0, 1, 2, 3})):
        after = paint(before, found, style=("masks",), max_objects=most)
        assert {row for row in range(4) if (after.y != before.y)[20:30, 40 * row + 10].any()} == painted
    with pytest.raises(ConfigError, match="at least 1"):
        RenderSettings(max_objects=0)
