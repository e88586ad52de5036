"""The three stages of a network as TensorFlow functions, without loops and with static shapes.

Between them NumPy chooses (`choose.py`) and says where regions are sampled (`model/samples.py`); `convert.py` puts what
pools them before the heads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.roi_align import feature_table
from pipeline.model.semantic.panoptic_fpn import SemanticBranch
from pipeline.model.staged.shapes import BOX_REGIONS, MASK_REGIONS, StageShapes


class Stages(NamedTuple):
    """Each stage as a traced function of TensorFlow.

    dense : images float32 [1, H, W, 3] to the table of feature vectors [cells, C], and the RPN's logits [A] and
        offsets [A, 4] of all levels after each other.
    boxes : pooled features [R, size, size, C] of regions to class logits [R, C] and offsets [R, C or 1, 4].
    masks : pooled features and classifier outputs int32 [R] to masks uint8 [R, 28, 28], probability x 255; a head that
        looks at the picture takes the pixels float32 [R, 28, 28, 3] of the regions behind these.
    """

    dense: Any
    boxes: Any
    masks: Any


def trace_stages(model: MaskRCNN, shapes: StageShapes) -> Stages:
    """The stages of a float32 network for one canvas."""
    levels_pooled = len(shapes.grids)

    def dense(images: Any) -> tuple[Any, ...]:
        features = model.features(images)
        logits, offsets = model.rpn(features)
        flat = (ops.concatenate([level[0] for level in levels]) for levels in (logits, offsets))
        return feature_table(features[:levels_pooled]), *flat

    def boxes(pooled: Any) -> tuple[Any, Any]:
        logits, offsets = model.box_head(pooled)
        return logits, offsets

    def masks(pooled: Any, class_index: Any, *pixels: Any) -> tuple[Any]:
        logits = model.mask_head(pooled, class_index, *pixels)
        return (ops.cast(ops.round(ops.sigmoid(logits) * 255.0), "uint8"),)

    def pooled(regions: int, size: int) -> Any:
        return tf.TensorSpec((regions, size, size, shapes.channels), tf.float32)

    box_pool, mask_pool = model.config.box_head.pool, model.config.mask_head.pool
    mask_inputs = [pooled(MASK_REGIONS, mask_pool), tf.TensorSpec((MASK_REGIONS,), tf.int32)]
    if model.config.mask_head.detail:
        mask_inputs.append(tf.TensorSpec((MASK_REGIONS, 2 * mask_pool, 2 * mask_pool, 3), tf.float32))
    return Stages(
        _traced(model, dense, [tf.TensorSpec((1, *shapes.canvas, 3), tf.float32)]),
        _traced(model, boxes, [pooled(BOX_REGIONS, box_pool)]),
        _traced(model, masks, mask_inputs),
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


def _traced(model: MaskRCNN | SemanticBranch, function: Callable[..., Any], inputs: list[Any]) -> Any:
    """The function as a graph with the weights as its constants; folded kernels are then computed once."""
    constants = [(variable, variable.numpy()) for variable in model.variables]

    def stateless(*arrays: Any) -> Any:
        with keras.StatelessScope(state_mapping=constants):
            return function(*arrays)

    return tf.function(stateless, input_signature=inputs, autograph=False).get_concrete_function()
