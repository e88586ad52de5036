"""NumPy chooses the same between the stages as the compiled program."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.model.anchors import pyramid_anchors
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.layers.rpn import propose as compiled_propose
from pipeline.model.nms import greedy_nms
from pipeline.model.postprocess import select_detections
from pipeline.model.presets import compact, for_stills, matterport, numbered, torchvision_v1
from pipeline.model.staged.choose import best, detect, propose
from pipeline.model.staged.suppress import TILE, suppress

CANVAS = (128, 160)
WINDOW = (0.0, 8.0, 160.0, 120.0)


def small(config: MaskRCNNConfig) -> MaskRCNNConfig:
    return replace(config, rpn=replace(config.rpn, pre_nms=300, post_nms=40))


CONFIGS = {
    "compact": small(compact()),
    "compact for stills": small(for_stills(compact())),
    "torchvision": small(torchvision_v1(numbered(7))),
    "matterport": small(matterport(numbered(7))),
}


def boxes(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 90, (count, 2))
    return np.hstack([corner, corner + rng.uniform(2, 60, (count, 2))]).astype(np.float32)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(("candidates", "count"), [(3 * TILE + 7, 60), (2 * TILE, 2 * TILE), (5, 9), (0, 4)])
def test_suppression_keeps_what_the_compiled_one_keeps(candidates: int, count: int, grouped: bool) -> None:
    some = boxes(candidates)
    groups = np.arange(candidates, dtype=np.int32) % 3 if grouped else None
    kept = suppress(some, 0.4, count, groups).tolist()
    if not candidates:
        assert kept == []
        return
    valid = np.ones((1, candidates), bool)
    index, exists = greedy_nms(some[None], valid, 0.4, count, None if groups is None else groups[None])
    assert kept == np.asarray(index)[0][np.asarray(exists)[0]].tolist()
    assert 0 < len(kept) <= count


@pytest.mark.parametrize("name", CONFIGS)
def test_proposals_are_those_of_the_compiled_program(name: str) -> None:
    config = CONFIGS[name]
    anchors = pyramid_anchors(CANVAS, config.fpn.levels, config.anchors, config.inclusive_corners)
    rng = np.random.default_rng(1)
    # Rounded, so that many are equal: the first of them has to come first.
    logits = [rng.normal(0, 8, len(level)).round(1).astype(np.float32) for level in anchors]
    offsets = [rng.normal(0, 0.4, (len(level), 4)).astype(np.float32) for level in anchors]
    found = propose(logits, offsets, anchors, WINDOW, config)
    expected, valid = compiled_propose(
        [level[None] for level in logits], [level[None] for level in offsets], anchors, WINDOW, config,
        config.rpn.pre_nms, config.rpn.post_nms,
    )  # fmt: skip
    np.testing.assert_allclose(found, np.asarray(expected)[0][np.asarray(valid)[0]], atol=1e-4)
    assert len(found) > 10


@pytest.mark.parametrize("name", CONFIGS)
def test_detections_are_those_of_the_compiled_program(name: str) -> None:
    config = CONFIGS[name]
    rng, proposals = np.random.default_rng(2), boxes(80, 3)
    kinds = 1 if config.box_head.class_agnostic_boxes else config.num_classes
    logits = rng.normal(0, 4, (80, config.num_classes)).astype(np.float32)
    offsets = rng.normal(0, 1, (80, kinds, 4)).astype(np.float32)
    found = detect(logits, offsets, proposals, WINDOW, config)
    expected = select_detections(
        logits[None], offsets[None], proposals[None], np.ones((1, 80), bool), WINDOW, config
    )
    valid = np.asarray(expected.valid)[0]
    np.testing.assert_allclose(found.boxes, np.asarray(expected.boxes)[0][valid], atol=1e-4)
    np.testing.assert_allclose(found.scores, np.asarray(expected.scores)[0][valid], atol=1e-6)
    np.testing.assert_array_equal(found.class_index, np.asarray(expected.class_index)[0][valid])
    assert len(found.scores) > 10


def test_a_box_is_the_mean_of_those_of_its_class_that_overlap_it() -> None:
    # Three boxes a few pixels apart, the third of another class, and one far away; offsets of zero leave them.
    proposals = np.array(
        [[10, 10, 50, 50], [14, 10, 54, 50], [10, 12, 50, 52], [90, 60, 120, 90]], np.float32
    )
    logits = np.zeros((4, 9), np.float32)
    for row, (output, logit) in enumerate([(3, 4.0), (3, 3.0), (1, 3.5), (3, 3.0)]):
        logits[row, output] = logit
    config = for_stills(compact())
    found = detect(logits, np.zeros((4, 1, 4), np.float32), proposals, WINDOW, config)
    powers = np.exp([4.0, 3.0])
    first, second = powers / (powers + 8)
    shift = 4 * second / (first + second)
    expected = [[10 + shift, 10, 50 + shift, 50], [10, 12, 50, 52], [90, 60, 120, 90]]
    np.testing.assert_allclose(found.boxes, expected, atol=1e-4)
    assert found.class_index.tolist() == [3, 1, 3]
    plain = detect(logits, np.zeros((4, 1, 4), np.float32), proposals, WINDOW, compact())
    np.testing.assert_allclose(plain.boxes, proposals[[0, 2, 3]], atol=1e-4)
    np.testing.assert_array_equal(plain.scores, found.scores)


@pytest.mark.parametrize("name", ["compact", "compact for stills"])
def test_nothing_in_gives_nothing_out(name: str) -> None:
    config = CONFIGS[name]
    none = np.zeros((0, 4), np.float32)
    found = detect(none[:, :0].reshape(0, 9), none.reshape(0, 1, 4), none, WINDOW, config)
    assert (found.boxes.shape, found.scores.shape, found.class_index.shape) == ((0, 4), (0,), (0,))


@pytest.mark.parametrize(
    ("scores", "count", "index"),
    [([1, 3, 2], 2, [1, 2]), ([2, 2, 2, 1, 2], 3, [0, 1, 2]), ([1, 2], 5, [1, 0]), ([], 3, [])],
)
def test_of_equal_scores_the_first_is_best(scores: list[float], count: int, index: list[int]) -> None:
    assert best(np.array(scores, np.float32), count).tolist() == index
