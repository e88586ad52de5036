from pathlib import Path

import keras
import numpy as np
import pytest

from pipeline.training.optimisation import averaged, clipped, optimizer_groups
from pipeline.training.settings import TrainSettings
from tests.model.small import small_model


def settings(**values: object) -> TrainSettings:
    given = {"steps": 110, "warmup_steps": 10, "learning_rate": 0.5, "trunk_rate": 0.1, **values}
    return TrainSettings(data=Path(), output=Path(), **given)  # type: ignore[arg-type]


def rate(optimizer: keras.optimizers.Optimizer, step: int) -> float:
    optimizer.iterations.assign(step)
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine_and_the_trunk_has_its_own() -> None:
    (trunk, trunk_variables), (rest, other_variables) = optimizer_groups(small_model(), settings())
    assert all("/backbone/" in variable.path for variable in trunk_variables)
    assert not any("/backbone/" in variable.path for variable in other_variables)
    wanted = {0: 0.0, 5: 0.25, 10: 0.5, 60: 0.5 * (0.01 + 0.99 * 0.5), 110: 0.005}
    for step, value in wanted.items():
        assert rate(rest, step) == pytest.approx(value, abs=1e-6)
        assert rate(trunk, step) == pytest.approx(value / 10, abs=1e-6)


def test_what_is_frozen_is_in_no_group() -> None:
    model = small_model()
    every = {v.path for v in model.trainable_variables}
    moving = {
        v.path for _, group in optimizer_groups(model, settings(frozen=("stem", "/fpn/"))) for v in group
    }
    assert every - moving == {p for p in every if "stem" in p or "/fpn/" in p}
    ((_, group),) = optimizer_groups(model, settings(frozen=("/backbone/",)))
    assert {v.path for v in group} == {p for p in every if "/backbone/" not in p}


def test_decay_pulls_kernels_alone() -> None:
    model = small_model()
    (_, _), (rest, variables) = optimizer_groups(model, settings(weight_decay=0.1, warmup_steps=0))
    before = {variable.path: np.array(variable) for variable in variables}
    rest.apply([keras.ops.zeros(variable.shape) for variable in variables], variables)
    for variable in variables:
        factor = 1 - 0.5 * 0.1 if variable.path.endswith("/kernel") else 1.0
        np.testing.assert_allclose(np.array(variable), before[variable.path] * factor, rtol=1e-5)


def test_gradients_are_scaled_down_together_and_never_up() -> None:
    gradients = [keras.ops.array([3.0]), keras.ops.array([0.0, 4.0])]
    np.testing.assert_allclose(np.concatenate(clipped(gradients, 1.0)), [0.6, 0.0, 0.8], rtol=1e-6)
    np.testing.assert_allclose(np.concatenate(clipped(gradients, 9.0)), [3.0, 0.0, 4.0], rtol=1e-6)


@pytest.mark.parametrize(("step", "share"), [(0, 0.1), (8, 0.5), (10_000, 0.998)])
def test_the_average_forgets_the_first_weights_quickly(step: int, share: float) -> None:
    average = averaged(keras.ops.array(1.0), keras.ops.array(0.0), step, 0.998)
    assert float(average) == pytest.approx(share, abs=1e-6)
