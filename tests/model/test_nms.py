import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.model.nms import box_iou, greedy_nms


def chosen(boxes: object, iou: float, count: int, groups: object = None, **kwargs: object) -> list[int]:
    boxes = np.asarray(boxes, np.float32)[None]
    valid = np.ones(boxes.shape[:2], bool)
    groups = None if groups is None else np.asarray(groups, np.int32)[None]
    index, kept = greedy_nms(boxes, valid, iou, count, groups=groups, **kwargs)
    return np.asarray(index)[0][np.asarray(kept)[0]].tolist()


def test_iou_of_hand_sized_boxes() -> None:
    a = np.array([[[0, 0, 10, 10], [0, 0, 0, 0]]], np.float32)
    b = np.array([[[5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30], [0, 0, 0, 0]]], np.float32)
    np.testing.assert_allclose(box_iou(a, b)[0], [[50 / 150, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])


def test_a_box_is_dropped_only_for_a_kept_one() -> None:
    # Each overlaps the next by 1/3: the first drops the second, so the third stays.
    chain = [[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]]
    assert chosen(chain, 0.3, 3) == [0, 2]
    assert chosen(chain, 0.34, 3) == [0, 1, 2]


def test_an_overlap_of_exactly_the_threshold_is_kept() -> None:
    assert chosen([[0, 0, 10, 10], [0, 0, 10, 5]], 0.5, 2) == [0, 1]
    assert chosen([[0, 0, 10, 10], [0, 0, 10, 5.1]], 0.5, 2) == [0]


def test_groups_do_not_suppress_each_other() -> None:
    same = [[0, 0, 10, 10]] * 4
    assert chosen(same, 0.5, 4, groups=[1, 2, 1, 2]) == [0, 1]


def test_the_first_ones_are_kept_when_there_is_room_for_a_few() -> None:
    apart = [[20 * i, 0, 20 * i + 10, 10] for i in range(6)]
    assert chosen(apart, 0.5, 4) == [0, 1, 2, 3]
    assert chosen(apart[:2], 0.5, 4) == [0, 1]


def test_candidates_that_do_not_exist_neither_count_nor_suppress() -> None:
    boxes = np.array([[[0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 10, 10]]], np.float32)
    index, kept = greedy_nms(boxes, np.array([[False, True, True]]), 0.5, 2)
    assert np.asarray(kept)[0].tolist() == [True, False]
    assert int(np.asarray(index)[0, 0]) == 1
    none = greedy_nms(boxes, np.zeros((1, 3), bool), 0.5, 2)[1]
    assert not np.asarray(none).any()


def sequential(boxes: NDArray[np.float32], iou: float) -> list[int]:
    """The definition: take the best, drop what overlaps it, repeat."""
    overlap = np.asarray(box_iou(boxes[None], boxes[None]))[0]
    kept: list[int] = []
    for i in range(len(boxes)):
        if not any(overlap[i, j] > iou for j in kept):
            kept.append(i)
    return kept


@pytest.mark.parametrize("tile", [1, 7, 64, 1000])
def test_tiles_of_any_size_give_the_sequential_result(tile: int) -> None:
    rng = np.random.default_rng(tile)
    corner = rng.uniform(0, 60, (200, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 40, (200, 2))], axis=1).astype(np.float32)
    expected = sequential(boxes, 0.4)
    assert len(expected) > 20
    assert chosen(boxes, 0.4, 200, tile=tile) == expected
    assert chosen(boxes, 0.4, 15, tile=tile) == expected[:15]


def test_frames_of_a_batch_do_not_meet() -> None:
    boxes = np.array([[[0, 0, 10, 10], [0, 0, 10, 9]], [[0, 0, 10, 10], [50, 0, 60, 10]]], np.float32)
    _, kept = greedy_nms(boxes, np.ones((2, 2), bool), 0.5, 2)
    assert np.asarray(kept).tolist() == [[True, False], [True, True]]
