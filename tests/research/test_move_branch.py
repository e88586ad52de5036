"""A branch moved to other weights keeps what it has learnt, and sees frames as the network of these weights does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from pipeline.formats.branch_file import read_trunk
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.semantic.config import SemanticConfig
from pipeline.weights.catalog import DATA
from research.move_branch import move_branch

NETWORK, BRANCH = DATA / "dashcam-lite.safetensors", DATA / "dashcam-lite-classes.safetensors"


def test_the_branch_is_moved_onto_the_trunk_and_the_canvas_of_the_network(tmp_path: Path) -> None:
    arrays, metadata = load_weights(NETWORK)
    config = json.loads(metadata["config"])
    config["input"]["canvas"] = [128, 192]
    other = {name: (array * 0.5).astype(np.float16) for name, array in arrays.items()}
    save_weights(tmp_path / "network.safetensors", other, {**metadata, "config": json.dumps(config)})

    move_branch(BRANCH, tmp_path / "network.safetensors", tmp_path / "moved.safetensors")

    moved, told = load_weights(tmp_path / "moved.safetensors")
    assert SemanticConfig.from_json(told["config"]).input.canvas == (128, 192)
    own, _ = load_weights(BRANCH)
    trunk = read_trunk(tmp_path / "network.safetensors")
    assert moved.keys() == own.keys() | {f"panoptic_fpn/{name}" for name in trunk}
    for name, array in own.items():
        np.testing.assert_array_equal(moved[name], array)
    for name, array in trunk.items():
        np.testing.assert_array_equal(moved[f"panoptic_fpn/{name}"], array)
