"""The three stages of a network as TensorFlow functions, without loops and with static shapes.

Between them NumPy chooses (`choose.py`) and says where regions are sampled (`model/samples.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.roi_align import feature_table, pool_regions
from pipeline.model.samples import Samples
from pipeline.model.semantic.panoptic_fpn import SemanticBranch
from pipeline.model.staged.shapes import StageShapes


class Stages(NamedTuple):
    """Each stage as a traced function of TensorFlow.

    dense : images float32 [1, H, W, 3] to the table of feature vectors [cells, C], and the RPN's logits [A] and
        offsets [A, 4] of all levels after each other.
    boxes : table and samples of regions to class logits [R, C] and offsets [R, C or 1, 4].
    masks : table, samples and classifier outputs int32 [R] to masks uint8 [R, 28, 28], probability x 255; of a head that
        looks at the picture, behind these the samples of pixels and the images.
    """

    dense: Any
    boxes: Any
    masks: Any


def trace_stages(model: MaskRCNN, shapes: StageShapes) -> Stages:
    """The stages of a float32 network for one canvas."""
    pooled = len(range(model.config.fpn.min_level, 6))

    def dense(images: Any) -> tuple[Any, ...]:
        features = model.features(images)
        logits, offsets = model.rpn(features)
        flat = (ops.concatenate([level[0] for level in levels]) for levels in (logits, offsets))
        return feature_table(features[:pooled]), *flat

    def boxes(table: Any, *samples: Any) -> tuple[Any, Any]:
        logits, offsets = model.box_head(pool_regions(table, Samples(*samples)))
        return logits, offsets

    def masks(*inputs: Any) -> tuple[Any]:
        table, *samples, class_index = inputs[:6]
        pixels = None
        if len(inputs) > 6:
            *pixel_samples, images = inputs[6:]
            pixels = pool_regions(feature_table([images]), Samples(*pixel_samples))
        logits = model.mask_head(pool_regions(table, Samples(*samples)), class_index, pixels)
        return (ops.cast(ops.round(ops.sigmoid(logits) * 255.0), "uint8"),)

    images = tf.TensorSpec((1, *shapes.canvas, 3), tf.float32)
    table = tf.TensorSpec((shapes.cells, shapes.channels), tf.float32)
    box_size, mask_size = model.config.box_head.pool, model.config.mask_head.pool
    of_masks = [table, *_samples(shapes.mask_regions, mask_size, shapes.taps(mask_size))]
    of_masks.append(tf.TensorSpec((shapes.mask_regions,), tf.int32))
    if model.config.mask_head.detail:
        of_masks += [*_samples(shapes.mask_regions, 2 * mask_size, 4 * mask_size), images]
    return Stages(
        _traced(model, dense, [images]),
        _traced(model, boxes, [table, *_samples(shapes.box_regions, box_size, shapes.taps(box_size))]),
        _traced(model, masks, of_masks),
    )


def trace_branch(branch: SemanticBranch, shapes: StageShapes) -> Any:
    """The stage of a float32 branch: table and images float32 [1, H, W, 3] to logits [1, H / 4, W / 4, classes]."""
    ends = np.cumsum([rows * columns for rows, columns in shapes.grids])[:-1].tolist()

    def classes(table: Any, images: Any) -> tuple[Any]:
        parts = zip(ops.split(table, ends), shapes.grids, strict=True)
        levels = [ops.reshape(part, (1, *grid, shapes.channels)) for part, grid in parts]
        return (branch((levels, images)),)

    table = tf.TensorSpec((shapes.cells, shapes.channels), tf.float32)
    return _traced(branch, classes, [table, tf.TensorSpec((1, *shapes.canvas, 3), tf.float32)])


def _samples(regions: int, size: int, taps: int) -> list[Any]:
    index = tf.TensorSpec((regions, taps), tf.int32)
    weights = tf.TensorSpec((regions, size, taps), tf.float32)
    return [index, index, weights, weights]


def _traced(model: MaskRCNN | SemanticBranch, function: Callable[..., Any], inputs: list[Any]) -> Any:
    """The function as a graph with the weights as its constants; folded kernels are then computed once."""
    constants = [(variable, variable.numpy()) for variable in model.variables]

    def stateless(*arrays: Any) -> Any:
        with keras.StatelessScope(state_mapping=constants):
            return function(*arrays)

    return tf.function(stateless, input_signature=inputs, autograph=False).get_concrete_function()
