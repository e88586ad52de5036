"""Detections: what the network found in one frame."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.structures.masks import ROI_MASK_SIZE, paste_masks


@dataclass(frozen=True, eq=False)
class Detections:
    """N objects of one frame, best score first; N may be 0.

    boxes : float32 [N, 4], x1, y1, x2, y2 in frame pixels, continuous: a pixel spans [i, i + 1).
    scores : float32 [N], probability of the class, in 0..1.
    class_ids : int32 [N], in the id space of the weights that found them.
    roi_masks : uint8 [N, 28, 28], probability x 255 that a cell of the box belongs to the object.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    roi_masks: NDArray[np.uint8]

    def __post_init__(self) -> None:
        rows = len(self.scores)
        expected = {
            "boxes": ((rows, 4), np.float32),
            "scores": ((rows,), np.float32),
            "class_ids": ((rows,), np.int32),
            "roi_masks": ((rows, ROI_MASK_SIZE, ROI_MASK_SIZE), np.uint8),
        }
        for name, (shape, dtype) in expected.items():
            column = getattr(self, name)
            if column.shape != shape or column.dtype != dtype:
                raise ValueError(
                    f"Detections.{name}: expected {np.dtype(dtype).name} {list(shape)}, "
                    f"found {column.dtype.name} {list(column.shape)}"
                )

    @classmethod
    def empty(cls) -> Detections:
        """No object at all: the columns with zero rows."""
        return cls(
            boxes=np.zeros((0, 4), np.float32),
            scores=np.zeros(0, np.float32),
            class_ids=np.zeros(0, np.int32),
            roi_masks=np.zeros((0, ROI_MASK_SIZE, ROI_MASK_SIZE), np.uint8),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: ArrayLike | slice) -> Detections:
        """The rows that a slice, an index array or a boolean array picks."""
        index = rows if isinstance(rows, slice) else np.atleast_1d(np.asarray(rows))
        if not isinstance(index, slice) and index.size == 0:
            index = index.astype(np.intp)
        return Detections(*(getattr(self, field.name)[index] for field in fields(self)))

    def scaled(self, x_factor: float, y_factor: float) -> Detections:
        """The same objects in a frame whose width and height are these factors times this one's."""
        factors = np.array([x_factor, y_factor, x_factor, y_factor], np.float32)
        return Detections(self.boxes * factors, self.scores, self.class_ids, self.roi_masks)

    def masks(self, height: int, width: int, threshold: float = 0.5) -> NDArray[np.bool_]:
        """Full-frame masks bool [N, height, width]; a mask is widened inside its own box only."""
        return paste_masks(self.roi_masks, self.boxes, height, width, threshold)
