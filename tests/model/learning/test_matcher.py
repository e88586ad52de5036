import numpy as np

from pipeline.model.learning.matcher import match

OBJECT = [0.0, 0.0, 10.0, 10.0]


def labels(
    references: list[list[float]], objects: list[list[float]], classes: list[int], **kwargs: object
) -> list[int]:
    settings = {"positive_iou": 0.7, "negative_iou": 0.3, "keep_best": False, **kwargs}
    result = match(
        np.array([references], np.float32),
        np.array([objects], np.float32),
        np.array([classes], np.int32),
        **settings,
    )
    return np.asarray(result.label)[0].tolist()


def test_a_reference_is_positive_negative_or_neither_by_its_overlap() -> None:
    overlaps = [[0, 0, 10, 8], [0, 0, 10, 7], [0, 0, 10, 5], [0, 0, 10, 3], [0, 0, 10, 2]]
    assert labels(overlaps, [OBJECT], [1]) == [1, 1, -1, -1, 0]


def test_the_best_reference_of_an_object_is_positive_however_little_it_overlaps() -> None:
    references = [[0, 0, 10, 2], [0, 0, 10, 4], [50, 50, 60, 60]]
    assert labels(references, [OBJECT], [1]) == [0, -1, 0]
    assert labels(references, [OBJECT], [1], keep_best=True) == [0, 1, 0]


def test_an_object_that_nothing_touches_claims_nothing() -> None:
    assert labels([[50, 50, 60, 60]], [OBJECT], [1], keep_best=True) == [0]


def test_padding_matches_nothing() -> None:
    assert labels([OBJECT], [OBJECT], [0], keep_best=True) == [0]


def test_a_crowd_is_neither_right_nor_wrong() -> None:
    assert labels([OBJECT, [50, 50, 60, 60]], [OBJECT], [-1], keep_best=True) == [-1, 0]


def test_the_index_names_the_object_of_the_largest_overlap() -> None:
    result = match(
        np.array([[[0, 0, 10, 10], [20, 0, 30, 10]]], np.float32),
        np.array([[[20, 0, 30, 9], [0, 0, 10, 9]]], np.float32),
        np.array([[3, 5]], np.int32),
        0.5, 0.5, keep_best=False,
    )  # fmt: skip
    assert np.asarray(result.index)[0].tolist() == [1, 0]


def test_one_of_a_crowd_is_neither_right_nor_wrong_however_small_it_is_against_it() -> None:
    inside, beside = [40.0, 40.0, 44.0, 44.0], [97.0, 40.0, 107.0, 50.0]
    assert labels([inside, beside], [[0.0, 0.0, 99.0, 99.0]], [-1]) == [-1, 0]
