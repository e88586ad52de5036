import numpy as np
import pytest

from pipeline.labels.labelled_picture import Instance, LabelledPicture, cropped
from pipeline.training.copy_paste import paste

SIZE = (60, 80)


def picture_of(*instances: Instance, colour: int = 0) -> LabelledPicture:
    return LabelledPicture(np.full((*SIZE, 3), colour, np.uint8), instances, frozenset({1, 6}))


def block(category: int, x1: int, y1: int, x2: int, y2: int, ignored: bool = False) -> Instance:
    mask = np.zeros(SIZE, np.uint8)
    mask[y1:y2, x1:x2] = 1
    instance = cropped(category, mask, ignored)
    assert instance is not None
    return instance


BUS = block(6, 20, 20, 44, 40)


def whole(instance: Instance) -> np.ndarray:
    """The instance's mask on the picture."""
    mask, (x, y) = np.zeros(SIZE, np.uint8), instance.corner
    assert instance.mask is not None
    mask[y : y + instance.mask.shape[0], x : x + instance.mask.shape[1]] = instance.mask
    return mask


@pytest.mark.parametrize("seed", range(12))
def test_a_pasted_object_is_in_the_picture_where_its_label_says(seed: int) -> None:
    after = paste(picture_of(), picture_of(BUS, colour=200), frozenset({6}), np.random.default_rng(seed))
    (bus,) = after.instances
    assert bus.category == 6
    changed = after.pixels[..., 0] > 100
    # The seam is soft: a pixel of it more or less.
    assert np.sum(changed != whole(bus).astype(bool)) <= 2 * sum(bus.mask.shape)
    # It stands on the ground where it stood.
    assert abs(bus.box[3] - 40) <= 1


@pytest.mark.parametrize("seed", range(12))
def test_what_the_object_hides_is_taken_out_of_the_labels_behind_it(seed: int) -> None:
    person = block(1, 10, 25, 70, 35)
    after = paste(
        picture_of(person), picture_of(BUS, colour=200), frozenset({6}), np.random.default_rng(seed)
    )
    pasted, behind = after.instances[-1], after.instances[:-1]
    for one in behind:
        assert not (whole(one) & whole(pasted)).any()
        np.testing.assert_array_equal(whole(one), whole(person) & ~whole(pasted) & 1)
        rows, columns = np.nonzero(whole(one))
        np.testing.assert_array_equal(one.box, [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert len(behind) == 1


def test_an_object_that_is_hidden_whole_goes_and_one_that_nearly_is_is_ignored() -> None:
    for seed in range(60):
        person = block(1, 30, 30, 36, 36)
        after = paste(
            picture_of(person), picture_of(BUS, colour=9), frozenset({6}), np.random.default_rng(seed)
        )
        left = [one for one in after.instances if one.category == 1]
        visible = int((whole(person) & ~whole(after.instances[-1]) & 1).sum())
        assert len(left) == (visible > 0)
        assert [one.ignored for one in left] == ([visible < 0.3 * 36] if left else [])


def test_a_box_under_the_object_is_ignored_as_nobody_knows_what_is_left_of_it() -> None:
    box = Instance(1, np.array([26, 24, 38, 36], np.float32))
    seen = set()
    for seed in range(60):
        after = paste(picture_of(box), picture_of(BUS), frozenset({6}), np.random.default_rng(seed))
        pasted = whole(after.instances[-1])
        covered = pasted[24:36, 26:38].sum() > 0.5 * 144
        assert after.instances[0].ignored == covered
        seen.add(bool(covered))
    assert seen == {True, False}


@pytest.mark.parametrize(
    "donor",
    [
        picture_of(),
        picture_of(block(1, 20, 20, 44, 40)),  # another category
        picture_of(block(6, 20, 20, 44, 40, ignored=True)),  # a crowd
        picture_of(block(6, 20, 20, 30, 30)),  # too small to be worth it
        picture_of(Instance(6, BUS.box)),  # a box alone
    ],
)
def test_without_an_object_to_paste_the_picture_stays(donor: LabelledPicture) -> None:
    picture = picture_of(block(1, 10, 25, 70, 35))
    assert paste(picture, donor, frozenset({6}), np.random.default_rng(0)) is picture


def test_the_cached_picture_itself_is_never_written_to() -> None:
    picture = picture_of()
    picture.pixels.flags.writeable = False
    after = paste(picture, picture_of(BUS, colour=200), frozenset({6}), np.random.default_rng(0))
    assert after.pixels.max() == 200
    assert picture.pixels.max() == 0
