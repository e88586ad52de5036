"""Found: a picture's detections in the terms of its labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.labels.truth import Runs
from pipeline.structures.detections import Detections
from pipeline.structures.masks import paste_mask


@dataclass(frozen=True, eq=False)
class Found:
    """N detections of one picture, best score first; N may be 0.

    boxes : float64 [N, 4], x1, y1, x2, y2 px, cut at the picture's edge.
    scores : float64 [N]. categories : int64 [N], in the labels' numbers. areas : float64 [N], px of the masks.
    runs : N masks.
    track_ids : int64 [N], NO_TRACK for what follows none; None for single pictures.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    categories: NDArray[np.int64]
    areas: NDArray[np.float64]
    runs: tuple[Runs, ...]
    track_ids: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def short_sides(self) -> NDArray[np.float64]:
        """float64 [N], the lesser of each box's width and height, px."""
        short: NDArray[np.float64] = (self.boxes[:, 2:] - self.boxes[:, :2]).min(axis=1, initial=np.inf)
        return short


def found_in(
    detections: Detections,
    size: tuple[int, int],
    categories: Mapping[int, int],
    min_score: float,
    track_ids: NDArray[np.int64] | None = None,
) -> Found:
    """The detections of score `min_score` and above whose class is in `categories`, in a picture of `size`.

    size : height and width, px, which the boxes are in.
    categories : id in the labels of each class id of the network; a class that is not in there is left out.
    """
    known = np.isin(detections.class_ids, list(categories))
    rows = np.flatnonzero(known & (detections.scores >= min_score))
    rows = rows[np.argsort(-detections.scores[rows], kind="stable")]
    runs = tuple(_runs(detections, row, size) for row in rows.tolist())
    limit = np.array([size[1], size[0]] * 2, np.float64)
    return Found(
        boxes=np.clip(detections.boxes[rows].astype(np.float64), 0.0, limit),
        scores=detections.scores[rows].astype(np.float64),
        categories=np.array([categories[int(one)] for one in detections.class_ids[rows]], np.int64),
        areas=np.array([float(coco.area(one)) for one in runs], np.float64),
        runs=runs,
        track_ids=None if track_ids is None else track_ids[rows],
    )


def _runs(detections: Detections, row: int, size: tuple[int, int]) -> Runs:
    pasted = paste_mask(detections.roi_masks[row], detections.boxes[row], *size)
    frame = np.zeros(size, np.uint8, order="F")
    height, width = pasted.pixels.shape
    frame[pasted.top : pasted.top + height, pasted.left : pasted.left + width] = pasted.pixels
    runs: Runs = coco.encode(frame)
    return runs
