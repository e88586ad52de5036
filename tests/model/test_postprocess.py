from dataclasses import replace

import numpy as np

from pipeline.model.config import DetectionConfig, MaskRCNNConfig
from pipeline.model.postprocess import Candidates, select_detections

CONFIG = MaskRCNNConfig(
    classes=("background", "car", "person"),
    class_ids=(0, 3, 1),
    detection=DetectionConfig(score=0.2, count=4),
)
PROPOSALS = np.array([[[0, 0, 20, 20], [0, 0, 20, 21], [50, 50, 90, 90]]], np.float32)
PROBABILITY = np.array([[[0.1, 0.6, 0.3], [0.1, 0.9, 0.0], [0.7, 0.05, 0.25]]], np.float32)


def select(
    config: MaskRCNNConfig = CONFIG, valid: tuple[bool, ...] = (True, True, True), kinds: int = 3
) -> Candidates:
    found = select_detections(
        np.log(np.maximum(PROBABILITY, 1e-9)), np.zeros((1, 3, kinds, 4), np.float32), PROPOSALS,
        np.array([valid]), (0.0, 0.0, 80.0, 80.0), config,
    )  # fmt: skip
    return Candidates(*(np.asarray(column)[0] for column in found))


def test_each_class_above_the_threshold_is_a_candidate_and_classes_do_not_suppress_each_other() -> None:
    found = select()
    # car .9 drops car .6 next to it; person .3 on the same spot and person .25 elsewhere stay.
    assert found.class_index[found.valid].tolist() == [1, 2, 2]
    np.testing.assert_allclose(found.scores[found.valid], [0.9, 0.3, 0.25], atol=1e-6)
    np.testing.assert_allclose(found.boxes[:3], [[0, 0, 20, 21], [0, 0, 20, 20], [50, 50, 80, 80]], atol=1e-4)


def test_what_is_not_there_is_zero() -> None:
    found = select()
    assert found.boxes[3].tolist() == [0, 0, 0, 0]
    assert found.scores[3] == found.class_index[3] == 0


def test_best_class_only_takes_one_class_a_proposal_and_the_background_wins_too() -> None:
    config = replace(CONFIG, detection=replace(CONFIG.detection, best_class_only=True, nms_iou=0.99))
    found = select(config)
    assert found.class_index[found.valid].tolist() == [1, 1]
    np.testing.assert_allclose(found.scores[found.valid], [0.9, 0.6], atol=1e-6)


def test_padded_proposals_are_no_candidates() -> None:
    assert select(valid=(True, False, False)).scores[0] < 0.61
    assert not select(valid=(False, False, False)).valid.any()


def test_one_set_of_offsets_serves_every_class() -> None:
    np.testing.assert_allclose(select(kinds=1).boxes, select(kinds=3).boxes)


def test_the_count_is_a_bound() -> None:
    config = replace(CONFIG, detection=replace(CONFIG.detection, count=2))
    assert select(config).scores.tolist() == select().scores[:2].tolist()
