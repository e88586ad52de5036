"""Turn prototype masks into stored masks: 28x28 probabilities over each box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import ROI_MASK_SIZE


def prototype_masks(
    prototypes: NDArray[np.float32],
    coefficients: NDArray[np.float32],
    boxes: NDArray[np.float32],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Masks uint8 [N, 28, 28] over the boxes, probability x 255.

    Logits, not probabilities, are interpolated between the prototypes' cells, as in training. If a box spans more cells
    than a mask has, each cell of the mask is a mean over those it covers.

    Parameters
    ----------
    prototypes : float32 [P, h, w] over the whole input.
    coefficients : float32 [N, P].
    boxes : float32 [N, 4], x1, y1, x2, y2 in px of the network's input, within it.
    size : height and width of the network's input in px.

    """
    channels, tall, wide = prototypes.shape
    masks = np.zeros((len(boxes), ROI_MASK_SIZE, ROI_MASK_SIZE), np.uint8)
    for mask, shares, box in zip(masks, coefficients, boxes, strict=True):
        x1, y1, x2, y2 = (float(edge) for edge in box)
        top, rows = _weights(y1 * tall / size[0], y2 * tall / size[0], tall)
        left, columns = _weights(x1 * wide / size[1], x2 * wide / size[1], wide)
        window = prototypes[:, top : top + rows.shape[1], left : left + columns.shape[1]]
        logits = (shares @ window.reshape(channels, -1)).reshape(window.shape[1:])
        sampled = np.clip(rows @ logits @ columns.T, -30.0, 30.0)
        mask[...] = np.rint(255.0 / (1.0 + np.exp(-sampled)))
    return masks


def _weights(low: float, high: float, cells: int) -> tuple[int, NDArray[np.float32]]:
    """First cell needed for [low, high) on an axis, and weights [28, needed] of the cells; rows sum to 1."""
    step = (high - low) / ROI_MASK_SIZE
    centres = low + (np.arange(ROI_MASK_SIZE) + 0.5) * step - 0.5
    reach = max(step, 1.0)  # half width of the triangle: that of the larger cells
    first = min(max(int(np.floor(centres[0] - reach)), 0), cells - 1)
    last = max(min(int(np.ceil(centres[-1] + reach)) + 1, cells), first + 1)
    distance = np.abs(np.clip(centres, 0, cells - 1)[:, None] - np.arange(first, last))
    weights = np.maximum(1.0 - distance / reach, 0.0)
    return first, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
