import keras
import numpy as np

from pipeline.model.learning.matcher import IGNORED, NEGATIVE, POSITIVE
from pipeline.model.learning.sampling import sample


def sampled(labels: list[int], count: int, share: float, seed: int = 0) -> list[int]:
    index, valid = sample(np.array([labels], np.int32), count, share, keras.random.SeedGenerator(seed))
    assert index.shape == valid.shape == (1, min(count, len(labels)))
    return np.asarray(index)[0][np.asarray(valid)[0]].tolist()


def test_positives_are_bounded_and_negatives_fill_up() -> None:
    labels = [POSITIVE] * 10 + [NEGATIVE] * 10
    chosen = sampled(labels, 8, 0.25)
    assert len(set(chosen)) == 8
    assert sum(i < 10 for i in chosen) == 2


def test_few_positives_leave_more_room_for_negatives() -> None:
    chosen = sampled([POSITIVE] + [NEGATIVE] * 9, 6, 0.5)
    assert len(set(chosen)) == 6
    assert 0 in chosen


def test_the_ignored_are_never_chosen_and_the_rest_is_invalid() -> None:
    chosen = sampled([POSITIVE, IGNORED, NEGATIVE, IGNORED], 4, 0.5)
    assert sorted(chosen) == [0, 2]


def test_the_choice_depends_on_the_seed_and_on_nothing_else() -> None:
    labels = [NEGATIVE] * 200
    assert sampled(labels, 10, 0.5, seed=1) == sampled(labels, 10, 0.5, seed=1)
    assert sampled(labels, 10, 0.5, seed=1) != sampled(labels, 10, 0.5, seed=2)
