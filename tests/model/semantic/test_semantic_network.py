"""Each network: shapes, widths, and that every pixel's class can be learnt."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from pipeline.errors import ConfigError
from pipeline.model.config import InputConfig
from pipeline.model.semantic.config import SemanticConfig
from pipeline.model.semantic.deeplab import AtrousConv
from pipeline.model.semantic.objective import PixelTargets, pixel_losses
from pipeline.model.semantic.semantic_network import SEMANTIC_NETWORKS, make_semantic
from pipeline.structures.pixel_classes import VOID, PixelClasses

CLASSES = PixelClasses.of({"sky": (70, 130, 180), "road": (128, 64, 128), "tree": (0, 99, 0)}, (11,))


def config(network: str, width: int = 4, canvas: tuple[int, int] = (64, 96)) -> SemanticConfig:
    return SemanticConfig(CLASSES, network, width, InputConfig(canvas=canvas))  # type: ignore[arg-type]


@pytest.mark.parametrize("network", SEMANTIC_NETWORKS)
def test_probabilities_are_of_the_frame_without_what_is_padded(network):
    model = make_semantic(config(network))
    frames = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), np.uint8)
    found = ops.convert_to_numpy(model(frames)["probabilities"])
    assert found.shape == (2, 64, 64, 3)  # 48x48 fits into 64x96 as 64x64
    assert found.sum(axis=-1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("network", ["fcn8s", "unet", "deeplabv3plus"])
def test_a_network_twice_as_wide_has_nearly_four_times_the_numbers(network):
    one, twice = (make_semantic(config(network, width)).count_params() for width in (4, 8))
    assert 3 < twice / one < 4  # most kernels grow on both sides


def test_training_a_branch_leaves_trunk_and_pyramid_as_they_are():
    model = make_semantic(config("panoptic_fpn", canvas=(64, 64)))
    body = model.body
    before = [np.array(one) for part in (body.backbone, body.fpn, body.branch) for one in part.weights]
    images, labels = np.zeros((1, 64, 64, 3), np.uint8), np.zeros((1, 64, 64), np.uint8)
    step(model, keras.optimizers.Adam(0.01), images, PixelTargets(labels), np.ones(3, np.float32))
    after = [np.array(one) for part in (body.backbone, body.fpn, body.branch) for one in part.weights]
    changed = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    own = len(body.branch.weights)
    assert not any(changed[:-own])
    assert sum(changed[-own:]) > own // 2


@pytest.mark.parametrize("network", SEMANTIC_NETWORKS)
def test_a_few_steps_lower_the_loss_whatever_lies_in_the_void(network):
    keras.utils.set_random_seed(1)
    model = make_semantic(config(network, width=8, canvas=(64, 64)))
    images = np.zeros((2, 64, 64, 3), np.uint8)
    images[:, 32:] = 200
    labels = np.repeat(np.repeat([[[0], [1]]], 32, axis=1), 64, axis=2).repeat(2, axis=0).astype(np.uint8)
    labels[:, :4] = VOID
    weights = np.array([1, 2, 1], np.float32)
    optimizer = keras.optimizers.Adam(0.01)
    first = last = step(model, optimizer, images, PixelTargets(labels), weights)
    for _ in range(9):
        if last["loss"] < 0.75 * first["loss"] and last["pixel_accuracy"] > first["pixel_accuracy"]:
            return
        last = step(model, optimizer, images, PixelTargets(labels), weights)
    pytest.fail(f"from {first} to {last}")


def step(model, optimizer, images, targets, weights):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        losses = pixel_losses(model, images, targets, weights)
    gradients = tape.gradient(losses["loss"], [one.value for one in model.trainable_variables])
    assert all(gradient is not None for gradient in gradients)
    optimizer.apply(gradients, model.trainable_variables)
    return {name: float(value) for name, value in losses.items()}


def test_class_weights_and_the_void_decide_what_a_pixel_counts():
    model = make_semantic(config("unet", canvas=(32, 32)))
    images = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), np.uint8)
    labels = np.full((1, 32, 32), VOID, np.uint8)
    weights = np.array([1, 0, 1], np.float32)
    assert float(pixel_losses(model, images, PixelTargets(labels), weights)["loss"]) == 0.0
    labels[0, 0, 0], labels[0, 5, 5] = 2, 1
    one = float(pixel_losses(model, images, PixelTargets(labels), weights)["loss"])
    labels[0, 5, 5] = VOID  # of a class that counts nothing
    assert float(pixel_losses(model, images, PixelTargets(labels), weights)["loss"]) == pytest.approx(one)


def test_taps_of_an_atrous_convolution_lie_as_far_apart_as_its_rate():
    layer = AtrousConv(1, 6, name="atrous")
    point = np.zeros((1, 15, 15, 1), np.float32)
    point[0, 7, 7] = 1.0
    layer.build(point.shape)
    layer.kernel.assign(np.ones((3, 3, 1, 1)))
    rows, columns = np.nonzero(ops.convert_to_numpy(layer(point))[0, ..., 0])
    assert sorted(set(rows.tolist())) == sorted(set(columns.tolist())) == [1, 7, 13]


def test_a_config_is_read_back_as_it_was():
    one = config("deeplabv3plus", 12)
    assert SemanticConfig.from_json(one.to_json()) == one
    with pytest.raises(ConfigError, match="cannot be read"):
        SemanticConfig.from_json('{"classes": 3}')
    with pytest.raises(ConfigError, match="fcn8s, unet, deeplabv3plus, panoptic_fpn"):
        config("segnet")
