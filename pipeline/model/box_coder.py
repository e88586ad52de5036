"""Box coding: a box as an offset from a reference box (Girshick et al. 2014, appendix C).

dx = wx (x - xr) / wr    dy = wy (y - yr) / hr    dw = ww log(w / wr)    dh = wh log(h / hr)
"""

from __future__ import annotations

from typing import Any

from pipeline.model.arrays import math_of

Weights = tuple[float, float, float, float]


def encode(boxes: Any, references: Any, weights: Weights) -> Any:
    """Offsets float32 [..., 4] (dx, dy, dw, dh) that lead from `references` [..., 4] to `boxes` [..., 4]."""
    ops = math_of(boxes)
    x, y, width, height = _centre_form(boxes)
    xr, yr, reference_width, reference_height = _centre_form(references)
    reference_width, reference_height = (
        ops.maximum(reference_width, 1e-6),
        ops.maximum(reference_height, 1e-6),
    )
    offsets = [
        (x - xr) / reference_width * weights[0],
        (y - yr) / reference_height * weights[1],
        ops.log(ops.maximum(width, 1e-6) / reference_width) * weights[2],
        ops.log(ops.maximum(height, 1e-6) / reference_height) * weights[3],
    ]
    return ops.stack(offsets, axis=-1)


def decode(offsets: Any, references: Any, weights: Weights, max_log_scale: float | None = None) -> Any:
    """Boxes float32 [..., 4] that `offsets` [..., 4] make of `references` [..., 4]; the inverse of `encode`.

    `max_log_scale` bounds dw and dh, so that a wild prediction is a large box and not an infinite one.
    """
    ops = math_of(offsets)
    xr, yr, reference_width, reference_height = _centre_form(references)
    dx, dy, dw, dh = (offsets[..., i] / weights[i] for i in range(4))
    if max_log_scale is not None:
        dw, dh = ops.minimum(dw, max_log_scale), ops.minimum(dh, max_log_scale)
    half_width, half_height = 0.5 * ops.exp(dw) * reference_width, 0.5 * ops.exp(dh) * reference_height
    x, y = dx * reference_width + xr, dy * reference_height + yr
    return ops.stack([x - half_width, y - half_height, x + half_width, y + half_height], axis=-1)


def clip(boxes: Any, window: tuple[float, float, float, float]) -> Any:
    """Boxes [..., 4] cut to the window x1, y1, x2, y2."""
    ops, (x1, y1, x2, y2) = math_of(boxes), window
    return ops.stack(
        [ops.clip(boxes[..., i], low, high) for i, (low, high) in enumerate([(x1, x2), (y1, y2)] * 2)],
        axis=-1,
    )


def _centre_form(boxes: Any) -> tuple[Any, Any, Any, Any]:
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return boxes[..., 0] + 0.5 * width, boxes[..., 1] + 0.5 * height, width, height
