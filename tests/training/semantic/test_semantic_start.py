from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import ConfigError
from pipeline.formats.own_file import save_weights
from pipeline.model.config import InputConfig, MaskRCNNConfig
from pipeline.model.presets import compact, compact_esnet, compact_shufflenet
from pipeline.model.semantic.config import SemanticConfig
from pipeline.model.semantic.semantic_network import make_semantic
from pipeline.networks.checkpoint import variables_of
from pipeline.networks.semantic import load_semantic
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.training.semantic.start import pyramid_of, take_over
from tests.training.semantic.coloured_halves import write_network

OTHERS = PixelClasses.of({"car": (0, 0, 255), "tree": (0, 99, 0)})


def test_what_both_know_is_taken_over_and_classes_by_their_names(tmp_path: Path) -> None:
    path = write_network(tmp_path / "start.safetensors")
    model = make_semantic(SemanticConfig(OTHERS, "unet", 2, InputConfig(canvas=(32, 32))))
    fresh = np.array(variables_of(model)["unet/logits/kernel"])
    assert take_over(model, path).endswith("classes it knows already: tree")
    source, ours = (variables_of(one) for one in (load_semantic(path), model))
    assert np.array_equal(ours["unet/down0/first/kernel"], source["unet/down0/first/kernel"])
    logits = np.array(ours["unet/logits/kernel"])
    assert np.array_equal(logits[..., 1], np.array(source["unet/logits/kernel"])[..., 2])
    assert np.array_equal(logits[..., 0], fresh[..., 0])


def test_a_start_of_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    path = write_network(tmp_path / "start.safetensors")
    other = make_semantic(SemanticConfig(OTHERS, "fcn8s", 2, InputConfig(canvas=(32, 32))))
    with pytest.raises(ConfigError, match=r"(?s)Nothing in .*found: .*unet/.*`network` and `width`"):
        take_over(other, path)


def test_a_branch_is_made_for_the_pyramid_of_its_start(tmp_path: Path) -> None:
    start = tmp_path / "start.safetensors"

    def told_of(config: MaskRCNNConfig | SemanticConfig, **kind: str) -> dict[str, Any]:
        save_weights(start, {}, {"format": "seg-video 1", "config": config.to_json(), **kind})
        return pyramid_of(start)

    assert told_of(compact_esnet()) == {"trunk": "esnet", "depth_multiplier": 2}
    dense = replace(compact_shufflenet(), fpn=replace(compact_shufflenet().fpn, depth_multiplier=0))
    assert told_of(dense) == {"trunk": "shufflenet_v2", "depth_multiplier": 0}
    branch = SemanticConfig(OTHERS, "panoptic_fpn", depth_multiplier=3, trunk="esnet")
    assert told_of(branch, kind="semantic") == {"trunk": "esnet", "depth_multiplier": 3}
    with pytest.raises(ConfigError, match=r"(?s)No branch reads.*found: .*kind basic"):
        told_of(compact())
