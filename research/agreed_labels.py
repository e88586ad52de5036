"""Agreed labels: what the teacher and the ensemble say together is an object, is open, or is nothing.

The bounds were measured on 84 driver views of two cities of the training set (bochum and jena), which the teacher has
never seen; `docs/training.md` has the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.boxes import overlap, share_inside
from research.ensemble import Suspect
from research.yolo_teacher import TaughtInstance

#: From this score on the teacher alone is believed.
SURE = 0.5
#: Or from this one on, where the ensemble is this sure.
LIKELY, STEADY = 0.15, 0.6
#: A place that the teacher does not see is background if it is this high (px of a picture 640 px wide) and the
#: ensemble is not steady about it, or if hardly any look sees it.
PLAIN, PLAIN_MEAN, FAINT = 32.0, 0.6, 0.15
#: Of something this high (px of the same picture) a guess of the teacher below this score is none: bonnets, buildings
#: and reflections in the windscreen, which else would leave half a picture open.
NEAR, GUESS = 64.0, 0.25
#: Boxes that overlap more are of one object; a smaller one is a part of a larger one from this share on.
_SAME, _PART = 0.4, 0.6


def agreed_annotations(
    taught: Sequence[TaughtInstance],
    suspects: Sequence[Suspect],
    known: Sequence[dict[str, Any]],
    size: tuple[int, int],
    absent: Collection[int] = (),
) -> list[dict[str, Any]]:
    """COCO annotations without ids that come to a picture's `known` ones, after which its scope is whole.

    Objects carry a mask and a score; what is open is `iscrowd`, a box that no loss looks into.
    size : height and width of the picture.
    absent : categories that are nowhere in the picture; of these only what the teacher is sure of is open, as it is
        something else.
    """
    scale = 640.0 / size[1]
    suspects = [one for one in suspects if one.category not in absent]
    corners = [np.array([x, y, x + w, y + h], np.float32) for x, y, w, h in (one["bbox"] for one in known)]
    made: list[dict[str, Any]] = []
    seen = list(corners)
    for one in taught:
        if one.category in absent:
            if one.score >= SURE:
                seen.append(one.box)
                made.append(_open(one.category, one.box, one.score))
            continue
        steady = max((s.mean for s in suspects if overlap(s.box, one.box) >= _SAME), default=0.0)
        near = float(one.box[3] - one.box[1]) * scale >= NEAR
        if near and one.score < GUESS and steady < STEADY:
            continue
        seen.append(one.box)
        if any(overlap(one.box, box) >= _SAME for box in corners):
            continue
        believed = one.score >= SURE or (one.score >= LIKELY and steady >= STEADY)
        part = any(share_inside(one.box, box) >= _PART for box in corners)
        made.append(_object(one) if believed and not part else _open(one.category, one.box, one.score))
    for suspect in suspects:
        if any(overlap(suspect.box, box) >= _SAME or share_inside(suspect.box, box) >= _PART for box in seen):
            continue
        height = float(suspect.box[3] - suspect.box[1]) * scale
        plain = height >= PLAIN and suspect.mean < PLAIN_MEAN
        if not plain and suspect.mean >= FAINT:
            made.append(_open(suspect.category, suspect.box, suspect.best))
    return made


def _object(one: TaughtInstance) -> dict[str, Any]:
    # Of the `train` extra.
    from pycocotools import mask as coco

    runs = coco.encode(np.asfortranarray(one.mask.astype(np.uint8)))
    return {
        "category_id": one.category, "iscrowd": 0, "score": round(one.score, 3), "area": float(one.mask.sum()),
        "bbox": [float(value) for value in coco.toBbox(runs)],
        "segmentation": {"size": list(one.mask.shape), "counts": runs["counts"].decode()},
    }  # fmt: skip


def _open(category: int, box: NDArray[np.float32], score: float) -> dict[str, Any]:
    width, height = (float(value) for value in box[2:] - box[:2])
    return {
        "category_id": category, "iscrowd": 1, "score": round(score, 3), "area": width * height,
        "bbox": [float(box[0]), float(box[1]), width, height],
    }  # fmt: skip
