"""A network with a branch gives each pixel a class, and finds the same objects with it and without it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.branch_file import checked_trunk
from pipeline.formats.own_file import load_weights, read_metadata
from pipeline.model.semantic.panoptic_fpn import SemanticBranch
from pipeline.model.staged.panoptic import PanopticPredictor
from pipeline.model.staged.program_file import read_program
from pipeline.networks.mask_rcnn import branch_source, pixel_classes
from pipeline.networks.programs import program_facts, shipped_path
from pipeline.networks.registry import find_source, load
from pipeline.networks.semantic import load_semantic, semantic_config
from pipeline.networks.settings import LoadSettings
from pipeline.networks.source import NetworkSource

CANVAS = (512, 896)


@pytest.fixture(scope="module")
def branch() -> NetworkSource:
    found = branch_source(find_source("dashcam-lite"))
    assert found is not None
    return found


def frames() -> np.ndarray:
    """Two drives of smooth colours, 432x768: sky above road, and something in between."""
    random = np.random.default_rng(3)
    found = np.empty((2, 432, 768, 3), np.uint8)
    found[:, :200], found[:, 200:] = (150, 180, 220), (90, 90, 95)
    found[:, 150:260, 300:420] = random.integers(0, 256, (2, 110, 120, 3))
    return found


def test_objects_are_the_same_with_and_without_the_branch_to_the_last_bit() -> None:
    shown = frames()
    plain = load("dashcam-lite", LoadSettings(device="cpu", precision="float32", score=0.05))
    both = load(
        "dashcam-lite", LoadSettings(device="cpu", precision="float32", score=0.05, pixel_classes=True)
    )
    assert not hasattr(plain, "segment_with_classes")
    found = both.segment_with_classes(shown)  # type: ignore[attr-defined]
    expected = plain.segment(shown)
    assert sum(map(len, expected)) > 0
    for (one, labels), other in zip(found, expected, strict=True):
        for column in ("boxes", "scores", "class_ids", "roi_masks"):
            np.testing.assert_array_equal(getattr(one, column), getattr(other, column))
        assert labels.shape == (126, 224)
        assert labels.dtype == np.uint8
        names = both.classes.names  # type: ignore[attr-defined]
        assert names[np.bincount(labels[:40].ravel()).argmax()] == "sky"


def test_the_stage_gives_what_the_branch_gives_through_keras(branch: NetworkSource) -> None:
    both = load("dashcam-lite", LoadSettings(device="cpu", precision="float32", pixel_classes=True))
    assert isinstance(both, PanopticPredictor)
    arrays, metadata = load_weights(branch.path())
    config = semantic_config(branch.path(), metadata)
    layer = SemanticBranch(len(config.classes), config.width, name="branch")
    with both._stages(CANVAS).requests() as stages:
        stages.canvas[...] = np.random.default_rng(0).normal(0, 1, stages.canvas.shape)
        stages.dense()
        inputs = [level[None] for level in stages.levels()], stages.canvas[None]
        layer(inputs)
        for variable in layer.weights:
            variable.assign(arrays[f"{config.network}/{variable.path}"])
        np.testing.assert_allclose(stages.classes(), np.asarray(layer(inputs))[0], rtol=1e-3, atol=1e-3)


def test_the_classes_are_known_without_loading() -> None:
    known = pixel_classes(find_source("dashcam-lite"))
    assert known is not None
    assert {"road", "sky", "tree", "building", "pavement"} <= set(known.names)
    assert pixel_classes(find_source("torchvision-r50-fpn")) is None


def test_the_branch_in_the_package_has_its_program_there(branch: NetworkSource) -> None:
    path = shipped_path(branch, CANVAS)
    assert path is not None
    shipped = read_program(path, program_facts(branch, CANVAS))
    assert shipped is not None, "the weights or the graphs have changed: python research/ship_program.py"
    assert list(shipped) == ["classes"]


def test_a_branch_beside_another_network_is_refused(tmp_path: Path, branch: NetworkSource) -> None:
    beside = Path(shutil.copy(branch.path(), tmp_path / "own-classes.safetensors"))
    with pytest.raises(WeightsError, match=r"another network than own\.safetensors"):
        load_semantic(beside)
    whole = Path(shutil.copy(find_source("dashcam-lite").path(), tmp_path / "own.safetensors"))
    assert checked_trunk(beside, read_metadata(beside), whole)
