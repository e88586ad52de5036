"""One network, one set of weights, two backends."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.model.presets import compact
from pipeline.networks.checkpoint import save_checkpoint
from tests.model.small import noise, small_model

SCRIPT = """
import sys
import numpy as np
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.networks.checkpoint import load_checkpoint
weights, frames, results = sys.argv[1:]
predictor = MaskRCNNPredictor(load_checkpoint(weights))
found = predictor.segment(np.load(frames))
columns = {}
for i, detections in enumerate(found):
    for name in ("boxes", "scores", "class_ids", "roi_masks"):
        columns[f"{name}{i}"] = getattr(detections, name)
np.savez(results, **columns)
"""


def run_on_jax(weights: Path, frames: Path, results: Path) -> dict[str, np.ndarray]:
    # Compiling is nearly all of its time, and half of that is LLVM's optimisation of what runs once.
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    environment = {**os.environ, "KERAS_BACKEND": "jax", **flags}
    command = [sys.executable, "-c", SCRIPT, str(weights), str(frames), str(results)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=280)
    with np.load(results) as file:
        return {name: file[name] for name in file.files}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="compares TensorFlow with the other one")
def test_jax_finds_what_tensorflow_finds(tmp_path: Path) -> None:
    frames = noise(1, 360, 640)
    np.save(tmp_path / "frames.npy", frames)
    model = small_model(compact(), class_scale=0.0004)
    save_checkpoint(model, tmp_path / "weights.safetensors", {})
    (tensorflow,) = MaskRCNNPredictor(model).segment(frames)
    jax = run_on_jax(tmp_path / "weights.safetensors", tmp_path / "frames.npy", tmp_path / "jax.npz")
    assert len(np.unique(tensorflow.scores.round(3))) > 10
    np.testing.assert_array_equal(jax["class_ids0"], tensorflow.class_ids)
    np.testing.assert_allclose(jax["scores0"], tensorflow.scores, rtol=0, atol=1e-4)
    np.testing.assert_allclose(fractions(jax["boxes0"]), fractions(tensorflow.boxes), rtol=0, atol=1e-4)
    masks = jax["roi_masks0"].astype(int) - tensorflow.roi_masks.astype(int)
    assert np.abs(masks).max() <= 1  # a mask is rounded to 1 / 255


def fractions(boxes: np.ndarray) -> np.ndarray:
    """Boxes in fractions of the frame: float32 px of a frame this wide are 6e-5 apart."""
    return boxes / np.array([640.0, 360.0, 640.0, 360.0])
