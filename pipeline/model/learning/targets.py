"""The labels of a batch of training pictures, in arrays of fixed shape."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops


class Targets(NamedTuple):
    """Objects of a batch, padded to G a picture; M is the side of a mask that spans its object's box.

    boxes : float32 [B, G, 4] on the canvas.
    class_index : int32 [B, G]: above 0 an object's classifier output, 0 padding, below 0 a region that is neither
        right nor wrong.
    members : bool [B, G, C]: the outputs that are right for the object; several where its label does not tell them
        apart.
    masks : uint8 [B, G, M, M], 0 or 255.
    has_mask : bool [B, G]; False where only the box is known.
    scope : bool [B, C]: classes of which every object of the picture is labelled. An object of another class may be
        there without a label, so the background must not be held against it.
    """

    boxes: Any
    class_index: Any
    members: Any
    masks: Any
    has_mask: Any
    scope: Any


def crop_masks(masks: Any, boxes: Any, regions: Any, size: int) -> Any:
    """The part of its object that each region covers: float32 [R, size, size], 1 inside and 0 outside.

    masks : uint8 [R, M, M], 0 or 255, each spanning its box.
    boxes, regions : float32 [R, 4] in the same px.
    """
    side = int(masks.shape[-1])
    axes = [_taps(boxes[:, i], boxes[:, i + 2], regions[:, i], regions[:, i + 2], side, size) for i in (1, 0)]
    rows, columns = axes
    values = ops.matmul(ops.matmul(rows, ops.cast(masks, "float32")), ops.transpose(columns, (0, 2, 1)))
    return ops.cast(values >= 127.5, "float32")


def _taps(low: Any, high: Any, region_low: Any, region_high: Any, side: int, size: int) -> Any:
    """Bilinear weights float32 [R, size, side] of the mask's cells at the centres of the region's cells."""
    centre = (ops.arange(size, dtype="float32") + 0.5) / size
    position = ops.expand_dims(region_low, -1) + ops.expand_dims(region_high - region_low, -1) * centre
    scale = side / ops.maximum(high - low, 1e-6)
    position = (position - ops.expand_dims(low, -1)) * ops.expand_dims(scale, -1)
    inside = ops.logical_and(position >= 0.0, position <= side)
    # Within half a cell of the border the border's own cell counts in full, as there is none behind it.
    position = ops.clip(position - 0.5, 0.0, side - 1.0)
    distance = ops.abs(ops.expand_dims(position, -1) - ops.arange(side, dtype="float32"))
    return ops.where(ops.expand_dims(inside, -1), ops.maximum(1.0 - distance, 0.0), 0.0)
