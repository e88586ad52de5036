from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.model.learning.targets import Targets
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.networks.checkpoint import load_checkpoint, variables_of
from pipeline.training.checkpointing import load_state, save_result, save_state
from pipeline.training.optimisation import optimizer_groups
from pipeline.training.settings import TrainSettings
from pipeline.training.step import TrainState, make_step
from tests.model.small import noise, small_config, small_model

SETTINGS = TrainSettings(data=Path(), output=Path(), steps=20, warmup_steps=2)


def state_of(settings: TrainSettings = SETTINGS, model: MaskRCNN | None = None, seed: int = 0) -> TrainState:
    """oneDNN's backward convolutions crash at 8 channels (TensorFlow 2.21, AVX-512): 16 here."""
    config = small_config((64, 96))
    config = replace(config, backbone=replace(config.backbone, width=16))
    model = model or small_model(config, seed=seed)
    return TrainState(model, optimizer_groups(model, settings), seed)


def values_of(state: TrainState) -> dict[str, np.ndarray]:
    return {name: np.array(variable) for name, variable in state.variables.items()}


def batch() -> tuple[np.ndarray, Targets]:
    """One picture with a car on it."""
    targets = Targets(
        boxes=np.array([[[16, 16, 64, 48]]], np.float32),
        class_index=np.ones((1, 1), np.int32),
        members=np.array([[[False, True, False]]]),
        masks=np.full((1, 1, 28, 28), 255, np.uint8),
        has_mask=np.ones((1, 1), bool),
        scope=np.array([[False, True, True]]),
    )
    return noise(1, 64, 96), targets


def test_a_run_that_goes_on_from_its_checkpoint_takes_the_steps_it_would_have_taken(tmp_path: Path) -> None:
    state = state_of()
    step = make_step(state, clip_norm=5.0, ema_decay=0.9, jit=False)
    for _ in range(2):
        step(*batch())
    save_state(state, 2, tmp_path / "checkpoint.safetensors")
    saved = values_of(state)
    uninterrupted = [step(*batch()) for _ in range(2)]
    assert uninterrupted[0] != uninterrupted[1]  # the weights and the luck of sampling move on

    assert load_state(state, tmp_path / "checkpoint.safetensors") == 2
    assert [step(*batch()) for _ in range(2)] == uninterrupted

    # Another process has other variables, under the same names.
    other = state_of(seed=7)
    assert load_state(other, tmp_path / "checkpoint.safetensors") == 2
    for name, value in values_of(other).items():
        np.testing.assert_array_equal(value, saved[name])


def test_the_result_is_the_moving_average_and_the_run_goes_on_with_its_own_weights(tmp_path: Path) -> None:
    state = state_of()
    for average in state.average:
        average.assign(np.full(average.shape, 0.25))
    before = values_of(state)
    save_result(state, tmp_path / "weights.safetensors", {"training_steps": "2"})
    for name, value in values_of(state).items():
        np.testing.assert_array_equal(value, before[name])
    loaded = load_checkpoint(tmp_path / "weights.safetensors")
    assert loaded.config == state.model.config
    for variable in variables_of(loaded).values():
        np.testing.assert_array_equal(np.array(variable), np.full(variable.shape, 0.25))


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    save_state(state_of(), 2, tmp_path / "checkpoint.safetensors")
    with pytest.raises(WeightsError, match="arrays that do not fit"):
        load_state(state_of(replace(SETTINGS, optimizer="sgd")), tmp_path / "checkpoint.safetensors")
    config = small_config((64, 128))  # the same shapes, another canvas
    config = replace(config, backbone=replace(config.backbone, width=16))
    with pytest.raises(WeightsError, match="another network"):
        load_state(state_of(model=small_model(config)), tmp_path / "checkpoint.safetensors")
