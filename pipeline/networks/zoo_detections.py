"""Turn the outputs of a TensorFlow zoo network for one frame into Detections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.masks import ROI_MASK_SIZE


def zoo_detections(
    outputs: Mapping[str, NDArray[Any]], height: int, width: int, score_threshold: float
) -> Detections:
    """The objects of a frame with at least `score_threshold`, best first.

    Parameters
    ----------
    outputs : detection_boxes [N, 4] (y1, x1, y2, x2 in fractions of the frame), detection_scores [N],
        detection_classes [N], detection_masks float [N, h, w] in 0..1 and num_detections, for one frame.
    height, width : the frame's size in px.
    score_threshold : least score.

    Raises ValueError if an output has another shape, or the masks are not probabilities over the boxes.

    """
    _check(outputs)
    found = round(float(outputs["num_detections"]))
    scores = np.asarray(outputs["detection_scores"][:found], np.float32)
    order = np.argsort(-scores, kind="stable")
    kept = order[scores[order] >= score_threshold]
    y1, x1, y2, x2 = np.asarray(outputs["detection_boxes"][kept], np.float32).T
    return Detections(
        boxes=np.stack([x1 * width, y1 * height, x2 * width, y2 * height], axis=1).astype(np.float32),
        scores=scores[kept],
        class_ids=np.rint(outputs["detection_classes"][kept]).astype(np.int32),
        roi_masks=roi_masks(outputs["detection_masks"][kept]),
    )


def roi_masks(probabilities: NDArray[Any]) -> NDArray[np.uint8]:
    """Stored masks uint8 [N, 28, 28] from probabilities float [N, h, w] over each box, by bilinear interpolation.

    Cell centres of both grids lie half a cell inside the box; beyond the outermost centres values are constant.
    """
    rows, columns = (_bilinear_weights(size) for size in probabilities.shape[1:])
    resized = np.einsum("ih,nhw,jw->nij", rows, probabilities.astype(np.float32), columns, optimize=True)
    return np.rint(np.clip(resized, 0.0, 1.0) * 255.0).astype(np.uint8)


def _bilinear_weights(cells: int) -> NDArray[np.float32]:
    """Weights [28, cells] of the source's cells on each cell of a stored mask; rows sum to 1."""
    centres = (np.arange(ROI_MASK_SIZE) + 0.5) * cells / ROI_MASK_SIZE - 0.5
    distance = np.abs(np.clip(centres, 0, cells - 1)[:, None] - np.arange(cells))
    return np.maximum(1.0 - distance, 0.0).astype(np.float32)


def _check(outputs: Mapping[str, NDArray[Any]]) -> None:
    shapes = {name: tuple(array.shape) for name, array in outputs.items()}
    rows = shapes["detection_scores"][:1]
    expected = {"detection_boxes": (*rows, 4), "detection_scores": rows, "detection_classes": rows}
    for name, shape in expected.items():
        if shapes[name] != shape:
            raise ValueError(f"{name}: expected {list(shape)} per frame, found {list(shapes[name])}")
    masks = outputs["detection_masks"]
    if masks.ndim != 3 or masks.shape[:1] != rows or 0 in masks.shape[1:] or masks.dtype.kind != "f":
        raise ValueError(
            f"detection_masks: expected probabilities [{rows[0]}, h, w] over each box, "
            f"found {masks.dtype} {list(masks.shape)}"
        )
