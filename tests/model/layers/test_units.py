from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from pipeline.model.layers.units import Conv, Deconv2x2, Dense, Unit


def randomised(unit: Unit, inputs: np.ndarray) -> Unit:
    unit.build(inputs.shape)
    rng = np.random.default_rng(0)
    for variable in unit.weights:
        low = 0.5 if "variance" in variable.path or "gamma" in variable.path else -0.5
        variable.assign(rng.uniform(low, 1.5, variable.shape))
    return unit


def normed(unit: Unit, product: Any) -> np.ndarray:
    """The definition, step by step: product, bias, norm, activation."""
    bias = np.asarray(unit.bias) if unit.has_bias else 0.0
    scale = np.asarray(unit.gamma) / np.sqrt(np.asarray(unit.moving_variance) + unit.epsilon)
    outputs = (np.asarray(product) + bias - np.asarray(unit.moving_mean)) * scale + np.asarray(unit.beta)
    return np.maximum(outputs, 0.0)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("norm", ["batch", "frozen"])
def test_folding_the_norm_into_the_kernel_changes_nothing(bias: bool, norm: str) -> None:
    inputs = np.random.default_rng(1).normal(size=(2, 6, 5, 3)).astype(np.float32)
    unit = randomised(Conv(4, 3, norm=norm, bias=bias, epsilon=1e-3, activation="relu"), inputs)
    product = ops.conv(inputs, unit.kernel, 1, "same", data_format="channels_last")
    np.testing.assert_allclose(unit(inputs), normed(unit, product), atol=1e-5)


def test_a_dense_unit_folds_its_norm_too() -> None:
    inputs = np.random.default_rng(1).normal(size=(7, 3)).astype(np.float32)
    unit = randomised(Dense(4, norm="batch", bias=True, activation="relu"), inputs)
    np.testing.assert_allclose(unit(inputs), normed(unit, inputs @ np.asarray(unit.kernel)), atol=1e-5)


def test_training_normalises_by_the_batch_and_moves_the_statistics() -> None:
    inputs = np.random.default_rng(1).normal(3.0, 2.0, (8, 6, 6, 2)).astype(np.float32)
    unit = Conv(4, 1, norm="batch")
    outputs = np.asarray(unit(inputs, training=True))
    np.testing.assert_allclose(outputs.mean(axis=(0, 1, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(outputs.std(axis=(0, 1, 2)), 1.0, atol=1e-3)
    assert not np.allclose(unit.moving_mean, 0.0)


def test_frozen_statistics_do_not_move_and_are_not_trained() -> None:
    inputs = np.ones((1, 4, 4, 2), np.float32)
    unit = randomised(Conv(4, 1, norm="frozen"), inputs)
    before = np.asarray(unit.moving_mean).copy()
    np.testing.assert_allclose(unit(inputs, training=True), unit(inputs))
    np.testing.assert_array_equal(unit.moving_mean, before)
    assert [variable.path.rsplit("/")[-1] for variable in unit.trainable_variables] == ["kernel"]


@pytest.mark.parametrize(("size", "stride"), [(7, 2), (3, 2), (3, 1), (1, 2)])
def test_padding_is_the_same_on_every_side(size: int, stride: int) -> None:
    """A picture turned around gives the result turned around only if no side is padded more than its opposite."""
    inputs = np.random.default_rng(0).normal(size=(1, 9, 9, 2)).astype(np.float32)
    unit = randomised(Conv(3, size, stride=stride), inputs)
    straight = np.asarray(unit(inputs))
    unit.kernel.assign(np.asarray(unit.kernel)[::-1, ::-1])
    turned = np.asarray(unit(inputs[:, ::-1, ::-1]))[:, ::-1, ::-1]
    np.testing.assert_allclose(turned, straight, atol=1e-4)


def test_an_even_side_halves_and_the_first_output_is_centred_on_the_first_pixel() -> None:
    inputs = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    unit = Conv(1, 3, stride=2, bias=False)
    unit.build(inputs.shape)
    centre = np.zeros((3, 3, 1, 1), np.float32)
    centre[1, 1] = 1.0
    unit.kernel.assign(centre)
    np.testing.assert_allclose(np.asarray(unit(inputs))[0, ..., 0], [[0, 2], [8, 10]])


def test_the_deconvolution_is_keras_transposed_convolution() -> None:
    inputs = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    unit = randomised(Deconv2x2(6), inputs)
    keras_kernel = np.asarray(unit.kernel).transpose(0, 1, 3, 2)
    expected = ops.conv_transpose(inputs, keras_kernel, 2, "valid", data_format="channels_last")
    np.testing.assert_allclose(unit(inputs), np.asarray(expected) + np.asarray(unit.bias), atol=1e-5)


def test_variables_stay_float32_where_products_are_bfloat16() -> None:
    unit = Conv(4, 1, norm="batch", dtype="mixed_bfloat16")
    outputs = unit(np.ones((1, 2, 2, 3), np.float32))
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    assert {variable.dtype for variable in unit.weights} == {"float32"}
