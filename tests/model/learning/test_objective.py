from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from pipeline.model.learning.objective import training_losses
from pipeline.model.learning.targets import Targets, crop_masks
from pipeline.model.mask_rcnn import MaskRCNN
from tests.model.small import small_config, small_model


def trainable_model() -> MaskRCNN:
    """oneDNN's backward convolutions crash at 8 channels (TensorFlow 2.21, AVX-512), so this one is twice as wide."""
    config = small_config()
    return small_model(replace(config, backbone=replace(config.backbone, width=16)))


def one_object(scope: tuple[bool, bool, bool] = (True, True, True)) -> tuple[np.ndarray, Targets]:
    """A grey picture with a bright car in it, and what is to be learnt from it."""
    images = np.full((1, 96, 128, 3), 90, np.uint8)
    images[0, 30:70, 40:100] = (220, 40, 40)
    targets = Targets(
        boxes=np.array([[[40, 30, 100, 70], [0, 0, 0, 0]]], np.float32),
        class_index=np.array([[1, 0]], np.int32),
        members=np.array([[[False, True, False], [True, False, False]]]),
        masks=np.full((1, 2, 28, 28), 255, np.uint8),
        has_mask=np.array([[True, False]]),
        scope=np.array([scope]),
    )
    return images, targets


def test_a_region_that_is_its_objects_box_has_its_mask() -> None:
    mask = np.zeros((1, 28, 28), np.uint8)
    mask[:, :, 14:] = 255  # the right half
    box = np.array([[10, 10, 66, 66]], np.float32)
    same = np.asarray(crop_masks(mask, box, box, 28))[0]
    np.testing.assert_array_equal(same, mask[0] / 255.0)
    right = np.asarray(crop_masks(mask, box, np.array([[38, 10, 66, 66]], np.float32), 28))[0]
    assert right.min() == 1.0
    beside = np.asarray(crop_masks(mask, box, np.array([[66, 10, 122, 66]], np.float32), 28))[0]
    assert beside[:, 1:].max() == 0.0


# slow: a crash in oneDNN's backward convolutions would end the whole run.
@pytest.mark.slow
def test_the_losses_fall_when_they_are_followed() -> None:
    model = trainable_model()
    images, targets = one_object()
    seed = keras.random.SeedGenerator(0)
    optimizer = keras.optimizers.Adam(2e-3)

    @tf.function
    @tf.function
    def step() -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            losses = training_losses(model, tf.constant(images), Targets(*map(tf.constant, targets)), seed)
        variables = model.trainable_variables
        gradients = tape.gradient(
            losses["loss"], [v.value for v in variables], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        optimizer.apply([tf.convert_to_tensor(gradient) for gradient in gradients], variables)
        return losses

    history = [{name: float(value) for name, value in step().items()} for _ in range(30)]
    assert set(history[0]) == {"loss", "rpn_class", "rpn_box", "class", "box", "mask"}
    assert all(np.isfinite(list(losses.values())).all() for losses in history)
    assert history[-1]["loss"] < 0.5 * history[0]["loss"]
    assert history[-1]["mask"] < history[0]["mask"]


@pytest.mark.slow
def test_a_class_out_of_scope_gets_no_gradient_from_the_background() -> None:
    model = trainable_model()
    images, targets = one_object(scope=(True, True, False))
    with tf.GradientTape() as tape:
        losses = training_losses(
            model, tf.constant(images), Targets(*map(tf.constant, targets)), keras.random.SeedGenerator(0)
        )
    gradient = tape.gradient(losses["class"], model.box_head.class_logits.bias.value)
    # The one object that is there pushes the other class down; the background has no say about it.
    whole, targets_whole = one_object()
    with tf.GradientTape() as tape:
        losses = training_losses(
            model,
            tf.constant(whole),
            Targets(*map(tf.constant, targets_whole)),
            keras.random.SeedGenerator(0),
        )
    in_scope = tape.gradient(losses["class"], model.box_head.class_logits.bias.value)
    assert float(gradient[2]) < float(in_scope[2])
