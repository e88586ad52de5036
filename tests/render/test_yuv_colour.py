"""Colours in a frame's own numbers, against the primaries that the standards print."""

from __future__ import annotations

import pytest

from pipeline.render.yuv_colour import YuvColour, yuv_colour


def colour(rgb: tuple[int, int, int], matrix: str = "bt709", bits: int = 8, full: bool = False) -> YuvColour:
    return yuv_colour(rgb, matrix, bits, full_range=full)


@pytest.mark.parametrize(
    ("matrix", "red", "blue"),
    [
        ("bt601", (81, 90, 240), (41, 240, 110)),
        ("bt709", (63, 102, 240), (32, 240, 118)),
        ("bt2020", (74, 97, 240), (29, 240, 119)),
    ],
)
def test_primaries_in_eight_limited_bits(matrix, red, blue):
    assert colour((255, 0, 0), matrix) == red
    assert colour((0, 0, 255), matrix) == blue


def test_black_and_white_span_the_range():
    assert colour((0, 0, 0)) == (16, 128, 128)
    assert colour((255, 255, 255)) == (235, 128, 128)
    assert colour((0, 0, 0), full=True) == (0, 128, 128)
    assert colour((255, 255, 255), full=True) == (255, 128, 128)


def test_ten_bits_have_four_times_the_numbers():
    assert colour((0, 0, 0), bits=10) == (64, 512, 512)
    assert colour((255, 255, 255), bits=10) == (940, 512, 512)
    assert colour((255, 255, 255), bits=10, full=True) == (1023, 512, 512)


def test_full_chroma_does_not_run_over():
    assert colour((255, 0, 0), "bt601", full=True) == (76, 85, 255)
