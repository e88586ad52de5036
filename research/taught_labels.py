"""Taught labels: one teacher's box, and the pixels in it that the other calls by the same class, are an instance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.box_teacher import TaughtBox, overlap
from research.pixel_teacher import PIXELS

#: Share of its box that a mask has to fill; with less, the teachers disagree and only the box is kept.
LEAST_FILL = {1: 0.25, 2: 0.2, 4: 0.25}
_LEAST_FILL = 0.55
#: A taught box that overlaps a label of a person more than this is that object.
_KNOWN = 0.4


def taught_annotations(boxes: Sequence[TaughtBox], classes: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """COCO annotations without ids for one frame, given its boxes and its class map uint8 [H, W].

    A pixel in two boxes of a class belongs to the one that ends lower, which is nearer to the camera.
    """
    # Of the `train` extra.
    from pycocotools import mask as coco

    free = np.ones(classes.shape, bool)
    annotations = []
    for one in sorted(boxes, key=lambda taught: -float(taught.box[3])):
        x1, y1 = np.floor(one.box[:2]).astype(int)
        x2, y2 = np.ceil(one.box[2:]).astype(int)
        mask = np.zeros(classes.shape, np.uint8)
        part = np.s_[y1:y2, x1:x2]
        mask[part] = np.isin(classes[part], PIXELS[one.category]) & free[part]
        size = [float(x2 - x1), float(y2 - y1)]
        annotation: dict[str, Any] = {
            "category_id": one.category, "iscrowd": 0, "score": round(one.score, 3), "area": size[0] * size[1],
            "bbox": [float(x1), float(y1), *size],
        }  # fmt: skip
        if mask.sum() >= LEAST_FILL.get(one.category, _LEAST_FILL) * size[0] * size[1]:
            free &= mask == 0
            runs = coco.encode(np.asfortranarray(mask))
            annotation["area"] = float(mask.sum())
            annotation["segmentation"] = {"size": list(mask.shape), "counts": runs["counts"].decode()}
            annotation["bbox"] = [float(value) for value in coco.toBbox(runs)]
        else:
            annotation["box_only"] = True
        annotations.append(annotation)
    return annotations


def unlabelled(
    boxes: Iterable[TaughtBox], known: Iterable[dict[str, Any]], scope: frozenset[int]
) -> list[TaughtBox]:
    """The boxes that add something to a picture's labels: of no class in scope, and not on a known object."""
    corners = [np.array([x, y, x + w, y + h]) for x, y, w, h in (one["bbox"] for one in known)]
    return [
        one
        for one in boxes
        if one.category not in scope and all(overlap(one.box, box) < _KNOWN for box in corners)
    ]
