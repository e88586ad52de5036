"""Plates: readable, of their object's colour at the left, and the same wherever they stand."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.render.plate import capitals_px, paint_plate, plate_size
from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.yuv_frame import YuvFrame

RED = (220, 40, 40)


def grey(
    level: int, *, bits: int = 8, steps: tuple[int, int] = (2, 2), size: tuple[int, int] = (61, 121)
) -> YuvFrame:
    """A frame of one luma, in steps of 8 bit, without colour."""
    dtype, unit = (np.uint8, 1) if bits == 8 else (np.uint16, 4)
    chroma = (-(-size[0] // steps[0]), -(-size[1] // steps[1]))
    planes = [
        np.full(shape, number * unit, dtype)
        for shape, number in ((size, level), (chroma, 128), (chroma, 128))
    ]
    return YuvFrame(planes[0], planes[1], planes[2], bits, False, "bt709")


def test_type_grows_with_the_picture_and_stays_readable_on_a_small_one():
    assert [capitals_px(rows) for rows in (240, 360, 720, 1080, 2160)] == [9, 9, 12, 18, 36]


@pytest.mark.parametrize("level", [20, 128, 230])
def test_text_is_white_on_dark_over_any_picture(level):
    frame = grey(level)
    paint_plate(frame, 10, 20, "car 12", 12, RED)
    rows, columns = plate_size("car 12", 12)
    inside = frame.y[22 : 20 + rows - 2, 20 : 10 + columns - 3]
    assert inside.max() > 225
    assert np.median(inside) < 0.34 * level + 25


def test_a_strip_of_the_objects_colour_stands_at_the_left():
    frame = grey(128)
    paint_plate(frame, 10, 20, "car 12", 12, RED)
    middle = 20 + plate_size("car 12", 12)[0] // 2
    colour = yuv_colour(RED, "bt709", 8, full_range=False)
    assert frame.y[middle, 11] == colour.y
    assert (frame.u[middle // 2, 5], frame.v[middle // 2, 5]) == (colour.u, colour.v)


@pytest.mark.parametrize("steps", [(1, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize(("left", "top"), [(10, 20), (11, 21), (0, 0)])
def test_nothing_beside_the_plate_is_touched(steps, left, top):
    frame = grey(128, steps=steps)
    paint_plate(frame, left, top, "car 12", 12, RED)
    rows, columns = plate_size("car 12", 12)
    luma = frame.y != 128
    assert luma[top + 2 : top + rows - 2, left : left + columns].mean() > 0.95
    luma[top : top + rows, left : left + columns] = False
    assert not luma.any()
    chroma = (frame.u != 128) | (frame.v != 128)
    down, across = steps
    chroma[top // down : -(-(top + rows) // down), left // across : -(-(left + columns) // across)] = False
    assert not chroma.any()


def test_a_plate_that_starts_within_a_chroma_sample_colours_it_by_its_share():
    even, odd = grey(128), grey(128)
    paint_plate(even, 10, 20, "car 12", 12, RED)
    paint_plate(odd, 11, 20, "car 12", 12, RED)
    middle = (20 + plate_size("car 12", 12)[0] // 2) // 2
    whole, half = int(even.v[middle, 5]) - 128, int(odd.v[middle, 5]) - 128
    assert abs(half - whole / 2) <= 1


def test_a_plate_fits_into_the_last_corner_of_an_odd_frame():
    frame = grey(128)
    rows, columns = plate_size("car 12", 12)
    paint_plate(frame, 121 - columns, 61 - rows, "car 12", 12, RED)
    assert frame.y[61 - rows // 2, 121 - 3] < 100
    with pytest.raises(ValueError, match="leaves the frame"):
        paint_plate(frame, 121 - columns + 1, 61 - rows, "car 12", 12, RED)


def test_ten_bits_show_the_same_plate():
    eight, ten = grey(128), grey(128, bits=10)
    for frame in (eight, ten):
        paint_plate(frame, 11, 20, "car 12", 12, RED)
    for one, other in zip(eight.planes, ten.planes, strict=True):
        assert np.abs(one * 4.0 - other).max() <= 4
