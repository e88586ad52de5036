"""A network in stages on OpenVINO finds what the whole network finds through Keras."""

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.model.presets import matterport, numbered, torchvision_v1
from pipeline.model.staged.compiled import CompiledStages, StageRequests
from pipeline.model.staged.convert import convert
from pipeline.model.staged.predictor import StagedPredictor
from pipeline.model.staged.program_file import Graphs
from pipeline.model.staged.shapes import StageShapes
from pipeline.structures.detections import Detections
from tests.model.small import noise, small_config, small_model


def narrow(config: MaskRCNNConfig) -> MaskRCNNConfig:
    """A source's rules on a network of a few channels."""
    return replace(
        config,
        input=replace(config.input, min_size=96, max_size=160),
        backbone=replace(config.backbone, blocks=(1, 1, 1, 1), width=8),
        fpn=replace(config.fpn, channels=16),
        anchors=replace(config.anchors, sizes=(8.0, 16.0, 32.0, 64.0, 96.0)),
        rpn=replace(config.rpn, pre_nms=60, post_nms=120),
        box_head=replace(config.box_head, dense_channels=24),
        mask_head=replace(config.mask_head, channels=16),
        detection=replace(config.detection, score=0.05, count=20),
    )


def with_all(config: MaskRCNNConfig) -> MaskRCNNConfig:
    """Scores weighed by masks, and masks that look at the picture itself."""
    return replace(
        config,
        detection=replace(config.detection, mask_power=0.5),
        mask_head=replace(config.mask_head, depth_multiplier=2, detail=8),
    )


CONFIGS: dict[str, Callable[[], MaskRCNNConfig]] = {
    "letterbox": lambda: with_all(small_config(detections=20)),
    "torchvision": lambda: narrow(torchvision_v1(numbered(5))),
    "matterport": lambda: narrow(matterport(numbered(5))),
}


@functools.cache
def graphs(model: MaskRCNN, canvas: tuple[int, int]) -> Graphs:
    return convert(model, canvas)


def staged(model: MaskRCNN, precision: str = "float32", callers: int = 1) -> StagedPredictor:
    def compiled(canvas: tuple[int, int]) -> CompiledStages:
        return CompiledStages(graphs(model, canvas), StageShapes.of(model.config, canvas), precision, callers)

    return StagedPredictor(model.config, compiled, "openvino", 2)


def assert_same(some: Detections, others: Detections) -> None:
    for column in ("boxes", "scores", "class_ids", "roi_masks"):
        np.testing.assert_array_equal(getattr(some, column), getattr(others, column))


@pytest.mark.parametrize("name", CONFIGS)
def test_stages_find_what_the_whole_network_finds(name: str) -> None:
    model = small_model(CONFIGS[name](), class_scale=0.02)
    frames = noise(2, 96, 128)
    found, expected = staged(model).segment(frames), MaskRCNNPredictor(model).segment(frames)
    assert sum(map(len, expected)) > 4
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.class_ids, other.class_ids)
        # A cell of a mask may differ by one of 255, and scores are weighed by masks.
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-2)
        assert np.abs(one.roi_masks.astype(int) - other.roi_masks).max(initial=0) <= 1


@pytest.fixture(scope="module")
def model() -> MaskRCNN:
    return small_model(small_config(detections=20), class_scale=0.02)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_frame_gets_the_same_whoever_else_computes(model: MaskRCNN, precision: str) -> None:
    frames = noise(12, 96, 128)
    alone, together = staged(model, precision, 1), staged(model, precision, 3)
    expected = alone.segment(frames)
    assert sum(map(len, expected)) > 12
    with ThreadPoolExecutor(5) as threads:
        found = list(threads.map(lambda frame: together.segment(frame[None])[0], frames))
    for one, other in zip(found, expected, strict=True):
        assert_same(one, other)


def test_each_caller_has_a_program_of_its_own_once_it_is_needed(
    model: MaskRCNN, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[StageRequests] = []
    make = CompiledStages._make

    def noted(stages: CompiledStages) -> StageRequests:
        made.append(make(stages))
        return made[-1]

    monkeypatch.setattr(CompiledStages, "_make", noted)
    stages = CompiledStages(graphs(model, (96, 128)), StageShapes.of(model.config, (96, 128)), "float32", 2)
    assert not made
    with stages.requests() as first, stages.requests() as second:
        assert made == [first, second]
        # Of several streams OpenVINO builds the graphs at once, and some 8-bit ones then hold wrong weights.
        assert {one._dense.get_compiled_model().get_property("NUM_STREAMS") for one in (first, second)} == {1}
    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda _: _one_of(stages), range(8)))
    assert set(map(id, taken)) <= {id(first), id(second)}


def _one_of(stages: CompiledStages) -> StageRequests:
    with stages.requests() as requests:
        return requests


def test_frames_of_any_size_and_none_at_all(model: MaskRCNN) -> None:
    network = staged(model)
    assert network.segment(np.zeros((0, 96, 128, 3), np.uint8)) == []
    (small,) = network.segment(noise(1, 40, 60))
    assert small.boxes.max(initial=0) <= 60
    with pytest.raises(InputError, match="must be uint8"):
        network.segment(np.zeros((96, 128, 3), np.uint8))


def test_no_object_is_no_detection(model: MaskRCNN) -> None:
    sure = replace(model.config, detection=replace(model.config.detection, score=0.999999))
    network = staged(model)
    network.config = sure
    (found,) = network.segment(noise(1, 96, 128))
    assert len(found) == 0
    assert found.roi_masks.shape == (0, 28, 28)


def test_it_is_bound_to_a_config_and_says_so(model: MaskRCNN) -> None:
    network = staged(model)
    assert (network.class_names, network.runtime, network.batch) == ({3: "car", 1: "person"}, "openvino", 1)
    assert network.input_size(256, 192, None) == (128, 96)
