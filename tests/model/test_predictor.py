from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.predictor import MaskRCNNPredictor
from tests.model.small import noise, small_config, small_model


@pytest.fixture(scope="module")
def model() -> MaskRCNN:
    return small_model()


@pytest.fixture(scope="module")
def predictor(model: MaskRCNN) -> MaskRCNNPredictor:
    return MaskRCNNPredictor(model, batch=2)


def test_detections_are_checked_columns_in_the_weights_own_ids(predictor: MaskRCNNPredictor) -> None:
    (found,) = predictor.segment(noise(1, 96, 128))
    assert len(found) > 0
    assert set(found.class_ids.tolist()) <= {1, 3}
    assert predictor.class_names == {3: "car", 1: "person"}
    assert np.all(np.diff(found.scores) <= 0)
    assert found.masks(96, 128).shape == (len(found), 96, 128)


def test_a_batch_that_is_not_full_gives_each_frame_what_it_gets_alone(predictor: MaskRCNNPredictor) -> None:
    frames = noise(3, 96, 128, seed=5)
    together = predictor.segment(frames)
    assert len(together) == 3
    for frame, found in zip(frames, together, strict=True):
        (alone,) = predictor.segment(frame[None])
        np.testing.assert_allclose(found.boxes, alone.boxes, atol=1e-3)
        np.testing.assert_array_equal(found.class_ids, alone.class_ids)
    assert not np.array_equal(together[0].boxes, together[1].boxes)


def test_no_frames_give_no_detections(predictor: MaskRCNNPredictor) -> None:
    assert predictor.segment(np.zeros((0, 96, 128, 3), np.uint8)) == []


@pytest.mark.parametrize("size", [(1, 1), (100, 4000), (4000, 3)])
def test_frames_of_any_shape_give_boxes_inside_them(model: MaskRCNN, size: tuple[int, int]) -> None:
    (found,) = MaskRCNNPredictor(model).segment(noise(1, *size))
    height, width = size
    assert np.all(found.boxes >= -1e-3)
    assert np.all(found.boxes <= np.array([width, height, width, height]) + 1e-3)


def test_no_detection_at_all_is_an_empty_table() -> None:
    sure_of_nothing = small_model()
    sure_of_nothing.box_head.class_logits.bias.assign([1e4, 0.0, 0.0])
    (found,) = MaskRCNNPredictor(sure_of_nothing).segment(np.zeros((1, 96, 128, 3), np.uint8))
    assert len(found) == 0
    assert found.masks(96, 128).shape == (0, 96, 128)


def test_one_proposal_is_enough() -> None:
    config = small_config()
    single = small_model(replace(config, rpn=replace(config.rpn, pre_nms=1, post_nms=1)))
    (found,) = MaskRCNNPredictor(single).segment(noise(1, 96, 128))
    assert len(found) <= 2


def test_what_is_no_frame_is_refused_with_what_was_found(predictor: MaskRCNNPredictor) -> None:
    with pytest.raises(InputError, match=r"float32 \[1, 96, 128, 3\]"):
        predictor.segment(np.zeros((1, 96, 128, 3), np.float32))
    with pytest.raises(InputError, match=r"uint8 \[96, 128, 3\]"):
        predictor.segment(np.zeros((96, 128, 3), np.uint8))


def test_bfloat16_finds_nearly_what_float32_finds(model: MaskRCNN, predictor: MaskRCNNPredictor) -> None:
    from pipeline.model.mask_rcnn import make_model

    narrow = make_model(model.config, "bfloat16")
    for target, source in zip(narrow.weights, model.weights, strict=True):
        target.assign(source)
    frames = noise(1, 96, 128)
    (exact,), (near,) = predictor.segment(frames), MaskRCNNPredictor(narrow).segment(frames)
    assert near.boxes.dtype == np.float32
    overlap = np.asarray([np.abs(exact.boxes - box).max(axis=1).min() for box in near.boxes])
    assert np.median(overlap) < 4.0
