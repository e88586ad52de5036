"""Labels and detections as COCO's code takes them, seen from one class."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.evaluation.classes import MeasuredClass
from pipeline.evaluation.found import Found
from pipeline.labels.truth import Runs, TrueObject

#: What is laid over each other: masks or boxes. The names are pycocotools' own.
IouKind = Literal["segm", "bbox"]


def true_annotation(
    truth: TrueObject, one: MeasuredClass, kind: IouKind, min_side: float, size: tuple[int, int]
) -> dict[str, Any] | None:
    """A label as an annotation without its ids; None where it is no matter of the class.

    What is neither right nor wrong becomes a crowd: any number of detections that lie in it by more than the IoU
    threshold count for nothing. In masks that is also an object of which only the box is known.
    """
    if truth.category not in one.members | one.also_true | one.doubtful:
        return None
    ignored = truth.ignored or truth.category in one.doubtful or truth.short_side < min_side
    if kind == "segm":
        ignored = ignored or truth.runs is None
    entry = {"bbox": _corner_and_size(truth.box), "area": truth.area, "iscrowd": int(ignored)}
    if kind == "segm":
        entry["segmentation"] = box_runs(truth.box, size) if truth.runs is None else truth.runs
    return entry


def found_annotation(found: Found, row: int, kind: IouKind) -> dict[str, Any]:
    """A detection as a result without its ids."""
    bbox = _corner_and_size(found.boxes[row])
    entry: dict[str, Any] = {"bbox": bbox, "score": float(found.scores[row]), "area": bbox[2] * bbox[3]}
    if kind == "segm":
        entry |= {"segmentation": found.runs[row], "area": float(found.areas[row])}
    return entry


def box_runs(box: NDArray[np.float64], size: tuple[int, int]) -> Runs:
    """The pixels of a picture of `size` (height, width) that a box touches, as a mask."""
    low, high = np.floor(box[:2]).astype(int), np.ceil(box[2:]).astype(int)
    frame = np.zeros(size, np.uint8, order="F")
    frame[max(low[1], 0) : high[1], max(low[0], 0) : high[0]] = 1
    runs: Runs = coco.encode(frame)
    return runs


def _corner_and_size(box: NDArray[np.float64]) -> list[float]:
    x1, y1, x2, y2 = box.tolist()
    return [x1, y1, x2 - x1, y2 - y1]
