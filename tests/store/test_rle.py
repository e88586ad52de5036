"""COCO's run-length text, checked by hand and against COCO's own encoder where it is installed."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.store.rle import encode_rle, run_lengths
from pipeline.structures.masks import PastedMask

L_SHAPE = PastedMask(left=1, top=1, pixels=np.array([[True, False], [True, True]]))


def test_runs_go_down_the_columns_of_the_whole_frame():
    # 4 wide, 4 high. Columns: 0000 0110 0010 0000.
    assert run_lengths(L_SHAPE, 4, 4).tolist() == [5, 2, 3, 1, 5]


def test_runs_are_packed_as_differences_to_the_run_two_before():
    # 5 2 3, then 1-2 = -1 -> 0b11111 + 48 = 'O', 5-3 = 2.
    assert encode_rle(L_SHAPE, 4, 4) == {"size": [4, 4], "counts": "523O2"}


def test_a_long_run_takes_several_characters():
    # 100 = 3 * 32 + 4: '4' with the bit that says more (4 + 32 + 48 = 'T'), then 3 = '3'.
    assert encode_rle(PastedMask(0, 0, np.zeros((0, 0), np.bool_)), 10, 10)["counts"] == "T3"


def test_a_full_frame_begins_with_an_empty_run():
    assert run_lengths(PastedMask(0, 0, np.ones((2, 3), np.bool_)), 2, 3).tolist() == [0, 6]


def test_a_mask_down_to_the_lower_edge_ends_there_and_not_in_the_next_column():
    assert run_lengths(PastedMask(0, 1, np.ones((1, 1), np.bool_)), 2, 3).tolist() == [1, 1, 4]


def test_a_crop_outside_the_frame_is_refused():
    with pytest.raises(ValueError, match="leaves the 3x2 frame"):
        run_lengths(PastedMask(2, 0, np.ones((1, 2), np.bool_)), 2, 3)


def test_any_mask_is_packed_as_cocos_own_encoder_does():
    coco = pytest.importorskip("pycocotools.mask")
    random = np.random.default_rng(0)
    for _ in range(50):
        height, width, rows, columns = random.integers(1, 80, 4)
        rows, columns = min(rows, height), min(columns, width)
        top, left = int(random.integers(0, height - rows + 1)), int(random.integers(0, width - columns + 1))
        pixels = random.random((rows, columns)) < random.random()
        frame = np.zeros((height, width), np.uint8, order="F")
        frame[top : top + rows, left : left + columns] = pixels
        packed = encode_rle(PastedMask(left, top, pixels), int(height), int(width))
        assert packed["counts"] == coco.encode(frame)["counts"].decode()
