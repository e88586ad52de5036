"""A region as a picture, written and read back."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.store.region_picture import read_region, write_region


def test_cells_become_rectangles_in_pixels_of_the_frame(tmp_path):
    cells = np.array([[0, 1, 0, 0], [0, 1, 0, 1]], np.bool_)
    write_region(tmp_path / "region.png", cells, width=40, height=20)
    assert sorted(read_region(tmp_path / "region.png")) == [(10, 0, 10, 20), (30, 10, 10, 10)]


def test_what_changes_its_width_becomes_rectangles_that_share_nothing(tmp_path):
    cells = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 1]], np.bool_)
    write_region(tmp_path / "region.png", cells, width=3, height=3)
    assert sorted(read_region(tmp_path / "region.png")) == [(0, 0, 2, 1), (0, 1, 3, 1), (2, 2, 1, 1)]


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "is not a picture"), (b"no", "is not a picture"), (None, "Cannot read")]
)
def test_what_is_no_picture_is_refused(tmp_path, content, told):
    path = tmp_path / "region.png"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        read_region(path)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_white_counts_in_every_kind_of_picture_where_it_can_be_seen(tmp_path, depth, channels):
    most = np.iinfo(depth).max
    pixels = np.zeros((2, 3, channels), depth)
    pixels[:, 1:] = most
    pixels[1, 2, -1] = 0  # transparent, where that is a fourth channel; else darker
    cv2.imwrite(str(tmp_path / "region.png"), pixels)
    # Without red there is cyan, which is light enough.
    wanted = [(1, 0, 2, 2)] if channels == 3 else [(1, 0, 2, 1), (1, 1, 1, 1)]
    assert sorted(read_region(tmp_path / "region.png")) == wanted


def test_white_behind_nothing_is_no_region(tmp_path):
    pixels = np.full((2, 2, 4), 255, np.uint8)
    pixels[..., 3] = 0
    cv2.imwrite(str(tmp_path / "region.png"), pixels)
    with pytest.raises(ConfigError, match="marks no region"):
        read_region(tmp_path / "region.png")


def test_a_black_picture_is_refused_since_it_leaves_out_nothing(tmp_path):
    write_region(tmp_path / "black.png", np.zeros((2, 2), np.bool_), width=4, height=4)
    with pytest.raises(ConfigError, match="marks no region"):
        read_region(tmp_path / "black.png")
