"""Colours in a stream's own numbers, against the primaries that the standards print."""

from __future__ import annotations

import pytest

from pipeline.render.yuv import YuvFormat


@pytest.mark.parametrize(
    ("matrix", "red", "blue"),
    [
        ("bt601", (81, 90, 240), (41, 240, 110)),
        ("bt709", (63, 102, 240), (32, 240, 118)),
        ("bt2020", (74, 97, 240), (29, 240, 119)),
    ],
)
def test_primaries_in_eight_limited_bits(matrix, red, blue):
    yuv = YuvFormat(matrix)
    assert yuv.colour((255, 0, 0)) == red
    assert yuv.colour((0, 0, 255)) == blue


def test_black_and_white_span_the_range():
    assert YuvFormat().colour((0, 0, 0)) == (16, 128, 128)
    assert YuvFormat().colour((255, 255, 255)) == (235, 128, 128)
    assert YuvFormat(full_range=True).colour((0, 0, 0)) == (0, 128, 128)
    assert YuvFormat(full_range=True).colour((255, 255, 255)) == (255, 128, 128)


def test_ten_bits_have_four_times_the_numbers():
    assert YuvFormat(bit_depth=10).colour((0, 0, 0)) == (64, 512, 512)
    assert YuvFormat(bit_depth=10).colour((255, 255, 255)) == (940, 512, 512)
    assert YuvFormat(bit_depth=10, full_range=True).colour((255, 255, 255)) == (1023, 512, 512)


def test_full_chroma_does_not_run_over():
    assert YuvFormat("bt601", full_range=True).colour((255, 0, 0)) == (76, 85, 255)


def test_an_unknown_matrix_is_refused():
    with pytest.raises(ValueError, match="found bt470 with 8"):
        YuvFormat("bt470")
