"""The loss that teaches a semantic network, and how well it does on what it is shown."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pipeline.model.geometry import Geometry
from pipeline.model.preprocess import preprocess
from pipeline.model.semantic.semantic_network import SemanticNetwork
from pipeline.structures.pixel_classes import VOID


class PixelTargets(NamedTuple):
    """Class numbers uint8 [B, H, W] of a batch, VOID where a pixel teaches nothing."""

    labels: Any


def pixel_losses(
    model: SemanticNetwork, images: Any, targets: PixelTargets, class_weights: NDArray[np.float32]
) -> dict[str, Any]:
    """`loss`, the mean cross-entropy over known pixels, and `pixel_accuracy`, the share of them that is right.

    images : uint8 [B, H, W, 3]. class_weights : float32 [classes], what a pixel of each counts.
    """
    canvas = int(images.shape[1]), int(images.shape[2])
    geometry = Geometry(canvas, canvas, (0, 0), canvas)
    logits = model.logits(preprocess(images, geometry, model.config.input), training=True)
    labels = ops.cast(targets.labels, "int32")
    known = ops.cast(labels != VOID, "float32")
    labels = ops.where(labels == VOID, 0, labels)
    weights = known * ops.take(ops.convert_to_tensor(class_weights), labels)
    right = ops.one_hot(labels, logits.shape[-1], dtype="float32")
    log_probability = logits - ops.logsumexp(logits, axis=-1, keepdims=True)
    losses = -ops.sum(right * log_probability, axis=-1)
    hits = ops.cast(ops.cast(ops.argmax(logits, axis=-1), "int32") == labels, "float32")
    return {
        "loss": ops.sum(losses * weights) / ops.maximum(ops.sum(weights), 1e-6),
        "pixel_accuracy": ops.sum(hits * known) / ops.maximum(ops.sum(known), 1.0),
    }
