"""Scores that also say how sure a mask is."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.model.config import DetectionConfig
from pipeline.model.mask_sureness import mask_sureness, weighed
from pipeline.structures.detections import Detections
from tests.model.small import noise, small_config, small_model


def found() -> Detections:
    """A faint box at 0.9, a sharp one at 0.8 and one without a cell inside at 0.3."""
    masks = np.zeros((3, 28, 28), np.uint8)
    masks[0, 7:21] = 153  # 0.6
    masks[1, :, 3:9] = 255
    masks[2] = 51  # 0.2
    boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]], np.float32)
    return Detections(boxes, np.array([0.9, 0.8, 0.3], np.float32), np.array([1, 3, 3], np.int32), masks)


def test_sureness_is_the_mean_inside_the_mask_and_of_an_empty_mask_its_largest_cell() -> None:
    np.testing.assert_allclose(mask_sureness(found().roi_masks), [0.6, 1.0, 0.2], atol=1e-6)


def test_a_sharp_mask_overtakes_a_faint_one_and_rows_stay_together() -> None:
    result = weighed(found(), DetectionConfig(score=0.05, mask_power=1.0))
    np.testing.assert_allclose(result.scores, [0.8, 0.54, 0.06], atol=1e-6)
    assert result.class_ids.tolist() == [3, 1, 3]
    assert result.boxes[:, 0].tolist() == [20, 0, 40]
    assert [int(mask.max()) for mask in result.roi_masks] == [255, 153, 51]


def test_the_power_softens_it_and_zero_leaves_everything_as_it_is() -> None:
    half = weighed(found(), DetectionConfig(score=0.05, mask_power=0.5))
    np.testing.assert_allclose(half.scores, [0.8, 0.9 * 0.6**0.5, 0.3 * 0.2**0.5], atol=1e-6)
    assert weighed(found(), DetectionConfig()).scores.tolist() == found().scores.tolist()


def test_what_falls_below_the_least_score_is_left_out() -> None:
    assert len(weighed(found(), DetectionConfig(score=0.1, mask_power=1.0))) == 2
    assert len(weighed(Detections.empty(), DetectionConfig(mask_power=1.0))) == 0


def test_a_power_that_cannot_work_is_refused() -> None:
    with pytest.raises(ConfigError, match="mask_power"):
        DetectionConfig(mask_power=-1.0)


def test_a_network_gives_weighed_scores_through_keras() -> None:
    from pipeline.model.predictor import MaskRCNNPredictor

    model = small_model()
    (plain,) = MaskRCNNPredictor(model).segment(noise(1, 96, 128))
    model.config = replace(small_config(), detection=replace(model.config.detection, mask_power=1.0))
    (after,) = MaskRCNNPredictor(model).segment(noise(1, 96, 128))
    expected = np.sort(plain.scores * mask_sureness(plain.roi_masks))[::-1]
    np.testing.assert_allclose(after.scores, expected[expected >= model.config.detection.score], atol=1e-6)
    assert not np.allclose(after.scores[:1], plain.scores[:1])
