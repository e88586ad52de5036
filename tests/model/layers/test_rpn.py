from dataclasses import replace

import numpy as np

from pipeline.model.config import MaskRCNNConfig, RPNConfig
from pipeline.model.layers.rpn import propose

CONFIG = MaskRCNNConfig(
    classes=("background", "car"), class_ids=(0, 3), rpn=RPNConfig(pre_nms=2, post_nms=3, nms_iou=0.5)
)
FINE = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [30, 0, 40, 10], [60, 0, 70, 10]], np.float32)
COARSE = np.array([[0, 0, 10, 11]], np.float32)
WINDOW = (0.0, 0.0, 64.0, 64.0)


def proposed(fine: list[float], coarse: list[float], config: MaskRCNNConfig = CONFIG) -> list[list[float]]:
    logits = [np.array([fine], np.float32), np.array([coarse], np.float32)]
    offsets = [np.zeros((1, len(scores), 4), np.float32) for scores in (fine, coarse)]
    boxes, valid = propose(
        logits, offsets, [FINE, COARSE], WINDOW, config, config.rpn.pre_nms, config.rpn.post_nms
    )
    return np.asarray(boxes)[0][np.asarray(valid)[0]].tolist()


def test_levels_choose_and_suppress_apart_and_meet_by_score() -> None:
    # The fine level's best two are 0 and 1; 0 drops 1. The coarse one overlaps 0 but is of another level.
    assert proposed([5.0, 4.0, 3.0, 2.0], [4.5]) == [[0, 0, 10, 10], [0, 0, 10, 11]]


def test_together_the_levels_suppress_each_other() -> None:
    config = replace(CONFIG, rpn=replace(CONFIG.rpn, per_level=False, pre_nms=4))
    assert proposed([5.0, 4.0, 3.0, 2.0], [4.5], config) == [[0, 0, 10, 10], [30, 0, 40, 10]]


def test_proposals_are_cut_to_the_window_and_empty_ones_dropped() -> None:
    # Anchor 3 reaches from 60 to 70, the window ends at 64.
    assert proposed([1.0, 0.0, 0.0, 5.0], [-9.0])[0] == [60, 0, 64, 10]
    narrow = propose(
        [np.array([[1.0]], np.float32)], [np.zeros((1, 1, 4), np.float32)], [FINE[3:]], (0.0, 0.0, 50.0, 64.0),
        CONFIG, 2, 3,
    )  # fmt: skip
    assert not np.asarray(narrow[1]).any()


def test_a_softmax_that_saturates_takes_anchors_in_order_of_their_index() -> None:
    config = replace(CONFIG, rpn=replace(CONFIG.rpn, per_level=False, softmax=True, nms_iou=0.99, post_nms=2))
    # exp(-90) and exp(-99) both vanish beside 1 in float32.
    assert proposed([0.0, 90.0, 99.0, 0.0], [0.0], config) == [[0, 0, 10, 9], [30, 0, 40, 10]]
