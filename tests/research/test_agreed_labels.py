import numpy as np
import pytest

from research.agreed_labels import agreed_annotations
from research.ensemble import Suspect
from research.tracked_objects import TrackedObject, Verdict
from research.yolo_teacher import TaughtInstance

SIZE = (360, 640)


def box(x: float, y: float, width: float, height: float) -> np.ndarray:
    return np.array([x, y, x + width, y + height], np.float32)


def taught(where: np.ndarray, score: float, category: int = 3) -> TaughtInstance:
    mask = np.zeros(SIZE, bool)
    x1, y1, x2, y2 = where.astype(int)
    mask[y1:y2, x1:x2] = True
    return TaughtInstance(where, category, score, mask)


def suspect(where: np.ndarray, mean: float, best: float = 0.7, category: int = 1) -> Suspect:
    return Suspect(where, category, best, mean)


def test_the_teacher_alone_is_believed_from_a_half_on() -> None:
    (made,) = agreed_annotations([taught(box(10, 20, 40, 30), 0.5)], [], [], SIZE)
    assert (made["iscrowd"], made["category_id"], made["bbox"]) == (0, 3, [10, 20, 40, 30])
    assert made["area"] == 1200


@pytest.mark.parametrize(("mean", "crowd"), [(0.6, 0), (0.59, 1)])
def test_below_it_is_an_object_only_where_the_ensemble_is_steady(mean: float, crowd: int) -> None:
    where = box(10, 20, 40, 30)
    made = agreed_annotations([taught(where, 0.3)], [suspect(where, mean, category=3)], [], SIZE)
    assert [one["iscrowd"] for one in made] == [crowd]
    assert ("segmentation" in made[0]) is (crowd == 0)


def test_a_faint_guess_of_the_teacher_is_open_however_steady_the_ensemble_is() -> None:
    where = box(10, 20, 40, 30)
    (made,) = agreed_annotations([taught(where, 0.1)], [suspect(where, 0.9)], [], SIZE)
    assert (made["iscrowd"], "segmentation" in made) == (1, False)


@pytest.mark.parametrize(
    ("height", "mean", "is_open"),
    [
        (40, 0.5, False),  # a post beside the road, which the teacher would have seen if it were a person
        (40, 0.7, True),  # every look sees it: the teacher may be wrong
        (20, 0.5, True),  # too far away for the teacher to be trusted
        (20, 0.1, False),  # hardly seen by one look and not by the teacher
    ],
)
def test_what_only_the_ensemble_sees_is_background_where_it_is_near_or_faint(
    height: float, mean: float, is_open: bool
) -> None:
    made = agreed_annotations([], [suspect(box(100, 50, 15, height), mean)], [], SIZE)
    assert [one["iscrowd"] for one in made] == ([1] if is_open else [])


def test_heights_are_those_in_a_picture_640_px_wide() -> None:
    post = [suspect(box(100, 50, 15, 40), 0.5)]
    assert agreed_annotations([], post, [], (360, 640)) == []
    assert len(agreed_annotations([], post, [], (720, 1280))) == 1


def test_what_a_person_has_labelled_is_not_labelled_again() -> None:
    known = [{"bbox": [10, 20, 40, 30], "category_id": 100}]
    car, rider = taught(box(11, 20, 40, 30), 0.9), taught(box(20, 20, 12, 18), 0.9, category=1)
    (made,) = agreed_annotations([car, rider], [suspect(box(12, 20, 38, 30), 0.9)], known, SIZE)
    # Inside a motorcycle's mask its rider has no label of his own.
    assert (made["category_id"], made["iscrowd"]) == (1, 1)


@pytest.mark.parametrize(("height", "score", "mean", "is_open"), [
    (100, 0.2, 0.3, False),  # the own bonnet, half guessed
    (100, 0.1, 0.7, True),  # every look sees it too
    (100, 0.3, 0.3, True),  # the teacher nearly says so
    (40, 0.2, 0.3, True),  # a car further off, which it may well guess at
])  # fmt: skip
def test_a_faint_guess_at_something_near_is_none(
    height: float, score: float, mean: float, is_open: bool
) -> None:
    where = box(100, 50, 150, height)
    made = agreed_annotations([taught(where, score)], [suspect(where, mean, category=3)], [], SIZE)
    assert [one["iscrowd"] for one in made] == ([1] if is_open else [])


def test_what_is_nowhere_is_background_but_for_what_the_teacher_is_sure_of() -> None:
    post, biker = box(100, 50, 8, 20), box(300, 50, 40, 60)
    faint = [taught(post, 0.3, category=1), taught(biker, 0.8, category=1)]
    looks = [suspect(post, 0.9, category=1), suspect(biker, 0.9, category=1)]
    (made,) = agreed_annotations(faint, looks, [], SIZE, absent={1})
    assert (made["iscrowd"], made["bbox"]) == (1, [300, 50, 40, 60])
    assert len(agreed_annotations(faint, looks, [], SIZE)) == 2


def on_track(where: np.ndarray, category: int = 3) -> list[TrackedObject]:
    return [TrackedObject(7, where, category, 0.8, np.full((28, 28), 255, np.uint8))]


REAL, NONE = Verdict(real=frozenset({7})), Verdict(none=frozenset({7}))


@pytest.mark.parametrize("score", [0.05, 0.2, 0.6])
def test_what_the_teacher_sees_in_other_frames_is_an_object_in_this_one(score: float) -> None:
    where = box(10, 20, 40, 30)
    faint = [taught(where, score, category=8)]
    (made,) = agreed_annotations(faint, [], [], SIZE, (), on_track(where), REAL)
    # By the name of the whole track, and not of the frame.
    assert (made["iscrowd"], made["category_id"], made["bbox"]) == (0, 3, [10, 20, 40, 30])
    (overlooked,) = agreed_annotations([], [], [], SIZE, (), on_track(where), REAL)
    assert (overlooked["iscrowd"], overlooked["area"], overlooked["score"]) == (0, 1200, 0.8)


def test_a_track_that_the_teacher_has_not_judged_says_nothing() -> None:
    where = box(10, 20, 40, 30)
    assert agreed_annotations([], [], [], SIZE, (), on_track(where), Verdict()) == []
    (made,) = agreed_annotations([taught(where, 0.2)], [], [], SIZE, (), on_track(where), Verdict())
    assert made["iscrowd"] == 1


def test_a_track_in_a_known_object_or_of_what_is_nowhere_is_no_object() -> None:
    where = box(20, 25, 10, 20)
    known = [{"bbox": [10, 20, 40, 30], "category_id": 4}]
    assert agreed_annotations([], [], known, SIZE, (), on_track(where), REAL) == []
    assert agreed_annotations([], [], [], SIZE, {3}, on_track(where), REAL) == []


@pytest.mark.parametrize(("height", "is_open"), [(24, False), (23, True)])
def test_a_track_that_the_teacher_sees_nowhere_is_background_unless_it_is_far(
    height: float, is_open: bool
) -> None:
    where = box(100, 50, 60, height)
    looks = [suspect(where, 0.9, category=3)]
    made = agreed_annotations([], looks, [], SIZE, (), on_track(where), NONE)
    assert [one["iscrowd"] for one in made] == ([1] if is_open else [])
