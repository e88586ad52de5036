"""Painting: what is shown, in which colour, and that all else is as it was decoded."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.render.overlay import Overlay
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


def paint(frame: YuvFrame, shown: Tracks, **settings: object) -> YuvFrame:
    return Overlay(RenderSettings(**settings), NAMES).paint(frame, shown)


def painted_as(red: int, green: int, blue: int) -> YuvColour:
    return yuv_colour((red, green, blue), noise())


def changed(before: YuvFrame, after: YuvFrame) -> tuple[np.ndarray, ...]:
    return tuple(old != new for old, new in zip(before.planes, after.planes, strict=True))


def test_a_mask_mixes_its_colour_into_its_own_pixels_and_no_other():
    before = noise()
    after = paint(before, tracks(CAR), style=("masks",), alpha=0.5)
    orange = painted_as(255, 153, 0)
    assert after.y[45, 60] == (int(before.y[45, 60]) + orange.y + 1) // 2
    assert after.u[22, 30] == (int(before.u[22, 30]) + orange.u + 1) // 2
    luma, blue, red = changed(before, after)
    outside = np.ones((HEIGHT, WIDTH), np.bool_)
    outside[30:60, 40:80] = False
    assert not luma[outside].any()
    assert not blue[outside[::2, ::2]].any()
    assert not red[outside[::2, ::2]].any()


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 2)])
def test_a_ragged_mask_leaves_all_that_it_does_not_cover(steps):
    before = noise(steps, 91, 161)
    random = np.random.default_rng(2)
    found = tracks(((3.3, 5.7, 158.2, 90.9), 3, 1, 0.9)).detections
    ragged = Detections(
        found.boxes, found.scores, found.class_ids, random.integers(0, 256, (1, 28, 28), np.uint8)
    )
    after = paint(before, Tracks(ragged, np.array([1]), ragged.class_ids, ragged.scores), style=("masks",))
    mask = ragged.masks(91, 161)[0]
    padded = np.pad(mask, ((0, 1), (0, 1)))
    rows, columns = np.arange(0, 91, steps[0]), np.arange(0, 161, steps[1])
    touched = np.zeros(before.u.shape, np.bool_)
    for down in range(steps[0]):
        for across in range(steps[1]):
            touched |= padded[np.ix_(rows + down, columns + across)]
    luma, blue, red = changed(before, after)
    assert not luma[~mask].any()
    assert luma[mask].mean() > 0.9
    assert not blue[~touched].any()
    assert not red[~touched].any()


def test_the_frame_that_was_given_is_left_as_it_was():
    before = noise()
    kept = [plane.copy() for plane in before.planes]
    paint(before, tracks(CAR))
    assert all((old == new).all() for old, new in zip(kept, before.planes, strict=True))


def test_a_frame_without_tracks_comes_back_bit_for_bit():
    before = noise()
    assert not any(plane.any() for plane in changed(before, paint(before, tracks())))


def test_an_outline_is_opaque_along_the_edge_and_leaves_the_middle():
    before = noise()
    after = paint(before, tracks(CAR), style=("outlines",))
    orange = painted_as(255, 153, 0).y
    assert (after.y[30, 40:80] == orange).all()
    assert (after.y[30:60, 79] == orange).all()
    assert (after.y[32:58, 42:78] == before.y[32:58, 42:78]).all()


def test_a_box_that_leaves_the_frame_has_no_line_along_the_frame():
    before = noise()
    after = paint(before, tracks(((-20.0, 30.0, 40.0, 60.0), 3, 1, 0.9)), style=("boxes",))
    orange = painted_as(255, 153, 0).y
    assert (after.y[30, :40] == orange).all()
    assert (after.y[30:60, 39] == orange).all()
    assert (after.y[32:58, :38] == before.y[32:58, :38]).all()


def test_a_label_is_painted_above_its_box_only():
    before = noise()
    luma = changed(before, paint(before, tracks(CAR), style=("labels",)))[0]
    rows, columns = np.flatnonzero(luma.any(axis=1)), np.flatnonzero(luma.any(axis=0))
    assert rows[-1] == 29
    assert columns[0] == 40


def test_two_labels_differ_by_what_they_say():
    before = noise()
    first = paint(before, tracks(CAR), style=("labels",))
    other_score = paint(before, tracks((CAR[0], 3, 1, 0.8)), style=("labels",))
    other_class = paint(before, tracks((CAR[0], 1, 1, 0.9)), style=("labels",))
    assert changed(first, other_score)[0].any()
    assert changed(first, other_class)[0].any()


def test_colour_follows_the_track_or_the_class():
    before = noise()
    moved = tracks((CAR[0], 3, 5, 0.9))
    lavender, cyan = painted_as(187, 153, 255).y, painted_as(0, 255, 255).y
    assert paint(before, moved, style=("outlines",)).y[30, 60] == lavender
    assert paint(before, moved, style=("outlines",), color_by="class").y[30, 60] == cyan


def test_the_nearer_object_lies_on_top():
    far, near = ((40.0, 20.0, 80.0, 50.0), 3, 1, 0.9), ((60.0, 30.0, 100.0, 70.0), 3, 2, 0.6)
    after = paint(noise(), tracks(far, near), style=("outlines",))
    assert after.y[30, 79] == painted_as(136, 34, 255).y


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


def test_a_class_that_the_model_does_not_know_is_named_with_the_nearest():
    with pytest.raises(ConfigError, match=r"found: cart\n.*did you mean car\?"):
        paint(noise(), tracks(), classes=("person", "cart"))


@pytest.mark.parametrize(
    "wrong", [{"style": ("mask",)}, {"style": ()}, {"alpha": 1.5}, {"conf": -0.1}, {"color_by": "score"}]
)
def test_a_setting_that_means_nothing_is_refused(wrong):
    with pytest.raises(ConfigError):
        RenderSettings(**wrong)
