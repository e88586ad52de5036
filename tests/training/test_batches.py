from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.labels.labelled_picture import LabelledPicture, cropped
from pipeline.model.learning.objective import training_losses
from pipeline.model.learning.targets import Targets
from pipeline.training.batches import MASK_SIDE, BatchMaker, Variety, ahead, target_columns
from pipeline.training.labels import Labels
from pipeline.training.picture_cache import PictureCache, build_cache
from pipeline.training.placement import PlacedInstance
from tests.model.small import small_model

LABELS = Labels((0, 1, 3, 6), {100: (3, 6)})
SCOPE = LABELS.scope(frozenset({1, 3}))


def instance(category: int, side: float, ignored: bool = False, has_mask: bool = True) -> PlacedInstance:
    mask = np.full((MASK_SIDE, MASK_SIDE), 255, np.uint8) if has_mask else None
    return PlacedInstance(category, np.array([0, 0, side, side], np.float32), ignored, mask)


def targets_of(*instances: PlacedInstance, count: int = 4) -> Targets:
    return Targets(*(column[None] for column in target_columns(instances, SCOPE, LABELS, count)))


def test_a_union_is_right_as_any_of_its_members() -> None:
    targets = targets_of(instance(100, 10))
    assert targets.members[0, 0].tolist() == [False, False, True, True]
    assert targets.class_index[0].tolist() == [2, 0, 0, 0]


def test_a_crowd_is_marked_as_neither_right_nor_wrong() -> None:
    assert targets_of(instance(3, 10, ignored=True)).class_index[0].tolist() == [-1, 0, 0, 0]


def test_a_box_alone_has_no_mask_to_learn() -> None:
    targets = targets_of(instance(3, 10, has_mask=False), instance(1, 5))
    assert targets.has_mask[0].tolist() == [False, True, False, False]
    assert (targets.masks[0, 1] == 255).all()


def test_a_class_that_is_not_labelled_exhaustively_is_out_of_scope() -> None:
    assert targets_of().scope[0].tolist() == [False, True, True, False]


def test_a_category_that_the_network_does_not_know_is_left_out() -> None:
    assert (targets_of(instance(44, 10)).class_index == 0).all()


def test_where_there_are_too_many_the_ignored_go_first_and_then_the_smallest() -> None:
    crowd, small, middle, large = instance(1, 90, True), instance(1, 2), instance(1, 5), instance(1, 9)
    targets = targets_of(crowd, small, middle, large, count=2)
    assert targets.boxes[0, :, 2].tolist() == [9, 5]


def test_without_a_mask_or_with_a_crowd_alone_nothing_is_asked_of_the_masks() -> None:
    """The whole way to the losses, on the network of three outputs that the other tests use."""
    labels = Labels((0, 3, 1))
    images = np.random.default_rng(0).integers(0, 256, (1, 96, 128, 3)).astype(np.uint8)
    losses = {}
    for name, one in {
        "mask": instance(3, 60), "box": instance(3, 60, has_mask=False), "crowd": instance(3, 60, ignored=True)
    }.items():  # fmt: skip
        columns = target_columns([one], labels.scope(frozenset({1, 3})), labels, 4)
        targets = Targets(*(column[None] for column in columns))
        found = training_losses(small_model(), images, targets, keras.random.SeedGenerator(0))
        losses[name] = {key: float(value) for key, value in found.items()}
    assert losses["mask"]["mask"] > 0.0
    assert losses["box"]["mask"] == 0.0
    assert losses["box"]["box"] == pytest.approx(losses["mask"]["box"])
    assert (losses["crowd"]["mask"], losses["crowd"]["box"], losses["crowd"]["rpn_box"]) == (0.0, 0.0, 0.0)


@pytest.fixture
def cache(tmp_path: Path) -> PictureCache:
    """Three pictures of one brightness each, the last with a bus to paste."""

    def pictures() -> Iterator[LabelledPicture]:
        for shade, category in ((50, 1), (100, 3), (150, 6)):
            mask = np.zeros((60, 80), np.uint8)
            mask[20:50, 30:60] = 1
            labelled = cropped(category, mask)
            assert labelled is not None
            yield LabelledPicture(np.full((60, 80, 3), shade, np.uint8), (labelled,), frozenset({1, 3}))

    return build_cache(tmp_path, "three", pictures)


def maker_of(cache: PictureCache, weights: list[float], seed: int = 0, **variety: object) -> BatchMaker:
    given = {"photometry": 0.0, "scales": (1.0, 1.0), **variety}
    changes = Variety((64, 96), (64, 96), **given)  # type: ignore[arg-type]
    return BatchMaker(cache, np.array(weights), LABELS, changes, batch=4, objects=3, seed=seed)


def test_a_batch_depends_on_the_seed_and_the_step_alone(cache: PictureCache) -> None:
    first, second = maker_of(cache, [1, 1, 1], photometry=1.0), maker_of(cache, [1, 1, 1], photometry=1.0)
    second.make(3)
    for one, other in zip(*(flat(maker.make(7)) for maker in (first, second)), strict=True):
        np.testing.assert_array_equal(one, other)
    for changed in (first.make(8), maker_of(cache, [1, 1, 1], seed=1, photometry=1.0).make(7)):
        assert not np.array_equal(changed[0], first.make(7)[0])


def flat(made: tuple[np.ndarray, Targets]) -> list[np.ndarray]:
    return [made[0], *made[1]]


def test_batches_have_the_shapes_that_a_compiled_step_needs(cache: PictureCache) -> None:
    images, targets = maker_of(cache, [1, 1, 1]).make(0)
    assert (images.shape, images.dtype) == ((4, 64, 96, 3), np.uint8)
    shapes = [column.shape for column in targets]
    assert shapes == [(4, 3, 4), (4, 3), (4, 3, 4), (4, 3, MASK_SIDE, MASK_SIDE), (4, 3), (4, 4)]


def test_pictures_without_weight_are_never_shown_nor_pasted_from(cache: PictureCache) -> None:
    paste = {"paste": 1.0, "paste_categories": frozenset({6})}
    maker = maker_of(cache, [0, 1, 0], **paste)
    for step in range(5):
        images, targets = maker.make(step)
        assert not (images == 150).all(axis=-1).any()
        assert set(np.unique(targets.class_index)) <= {0, 2}
    shown = [maker_of(cache, [0, 1, 1], **paste).make(step)[1].class_index for step in range(5)]
    assert 3 in np.unique(shown)


def test_batches_come_in_order_from_the_background(cache: PictureCache) -> None:
    maker = maker_of(cache, [1, 1, 1])
    for step, (images, _) in enumerate(ahead(maker, 2, 9), start=2):
        np.testing.assert_array_equal(images, maker.make(step)[0])
    assert step == 8


def test_a_failure_in_the_background_is_raised_here(cache: PictureCache) -> None:
    maker = maker_of(cache, [1, 1, 1])

    def fail(step: int) -> None:
        raise OSError(f"disk gone at {step}")

    maker.make = fail  # type: ignore[assignment,method-assign]
    with pytest.raises(OSError, match="disk gone at 4"):
        next(ahead(maker, 4, 9))


def test_leaving_early_ends_the_thread(cache: PictureCache) -> None:
    import threading

    batches = ahead(maker_of(cache, [1, 1, 1]), 0, 1000)
    next(batches)
    batches.close()
    assert [thread.name for thread in threading.enumerate() if thread.name == "batches"] == []
