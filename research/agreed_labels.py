"""Agreed labels: what the teacher and the ensemble say together is an object, is open, or is nothing.

Of a video its tracks have a say too, where the teacher has judged them in other frames. The bounds were measured on 84
driver views of two cities of the training set (bochum and jena), which the teacher has never seen; `docs/training.md`
has the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.boxes import overlap, share_inside
from research.ensemble import Suspect
from research.tracked_objects import TrackedObject, Verdict
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
#: What the teacher sees in no frame of a track is nothing if it is this high (px of the same picture): further off it
#: overlooks cars.
TRACKED = 24.0
#: Boxes that overlap more are of one object; a smaller one is a part of a larger one from this share on.
_SAME, _PART = 0.4, 0.6


def agreed_annotations(
    taught: Sequence[TaughtInstance],
    suspects: Sequence[Suspect],
    known: Sequence[dict[str, Any]],
    size: tuple[int, int],
    absent: Collection[int] = (),
    tracked: Sequence[TrackedObject] = (),
    judged: Verdict | None = None,
) -> list[dict[str, Any]]:
    """COCO annotations without ids that come to a picture's `known` ones, after which its scope is whole.

    Objects carry a mask and a score; what is open is `iscrowd`, a box that no loss looks into.
    size : height and width of the picture.
    absent : categories that are nowhere in the picture; of these only what the teacher is sure of is open, as it is
        something else.
    tracked, judged : what a video's tracks hold in this frame, and which of them the teacher sees in other frames.
    """
    judged = judged or Verdict()
    real = [one for one in tracked if one.track in judged.real and one.category not in absent]
    labels = _Labels(known, size)
    for one in taught:
        if one.category not in absent:
            labels.add_taught(one, suspects, real)
        elif one.score >= SURE:
            labels.open(one.category, one.box, one.score)
    for track in real:
        labels.add_tracked(track)
    nothing = [one.box for one in tracked if one.track in judged.none]
    for suspect in suspects:
        if suspect.category not in absent:
            labels.add_suspect(suspect, nothing)
    return labels.made


class _Labels:
    """The new annotations of one picture, and the boxes that are spoken for: those, and what was known before."""

    def __init__(self, known: Sequence[dict[str, Any]], size: tuple[int, int]) -> None:
        self.size, self.scale = size, 640.0 / size[1]
        corners = ((x, y, x + w, y + h) for x, y, w, h in (one["bbox"] for one in known))
        self.known = [np.array(box, np.float32) for box in corners]
        self.seen = list(self.known)
        self.made: list[dict[str, Any]] = []

    def add_taught(
        self, one: TaughtInstance, suspects: Sequence[Suspect], real: Sequence[TrackedObject]
    ) -> None:
        """Label what the teacher sees: an object where it is sure, or the ensemble or a track sees it too."""
        track = next((other for other in real if overlap(one.box, other.box) >= _SAME), None)
        if track is not None and one.score < LIKELY:
            return  # its track has the say
        means = [other.mean for other in suspects if overlap(other.box, one.box) >= _SAME]
        steady = track is not None or max(means, default=0.0) >= STEADY
        if self._height(one.box) >= NEAR and one.score < GUESS and not steady:
            return
        if _among(one.box, self.known):
            self.seen.append(one.box)
            return
        # A track's name is what most of its frames say.
        category = one.category if track is None else track.category
        believed = one.score >= SURE or (one.score >= LIKELY and steady)
        if believed and not _part_of(one.box, self.known):
            self.seen.append(one.box)
            self.made.append(_object(category, one.mask, one.score))
        else:
            self.open(category, one.box, one.score)

    def add_tracked(self, one: TrackedObject) -> None:
        """Label what the teacher overlooks in this frame and has seen on the same track in others."""
        if _among(one.box, self.seen) or _part_of(one.box, self.known):
            return
        mask = one.mask(self.size)
        if mask.any():
            self.seen.append(one.box)
            self.made.append(_object(one.category, mask, one.score))

    def add_suspect(self, one: Suspect, nothing: Sequence[NDArray[np.float32]]) -> None:
        """Leave open what only the ensemble sees, unless it is background: near, faint or on a track of nothing."""
        if _among(one.box, self.seen) or _part_of(one.box, self.seen):
            return
        height = self._height(one.box)
        plain = (height >= PLAIN and one.mean < PLAIN_MEAN) or (
            height >= TRACKED and _among(one.box, nothing)
        )
        if not plain and one.mean >= FAINT:
            self.made.append(_open(one.category, one.box, one.best))

    def open(self, category: int, box: NDArray[np.float32], score: float) -> None:
        """Leave a place open, about which nobody else is asked."""
        self.seen.append(box)
        self.made.append(_open(category, box, score))

    def _height(self, box: NDArray[np.float32]) -> float:
        """Height in px of a picture 640 px wide."""
        return float(box[3] - box[1]) * self.scale


def _among(box: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> bool:
    """True where one of the others is of the same object as the box."""
    return any(overlap(box, other) >= _SAME for other in others)


def _part_of(box: NDArray[np.float32], others: Sequence[NDArray[np.float32]]) -> bool:
    """True where the box lies inside one of the others."""
    return any(share_inside(box, other) >= _PART for other in others)


def _object(category: int, mask: NDArray[np.bool_], score: float) -> dict[str, Any]:
    # Of the `train` extra.
    from pycocotools import mask as coco

    runs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {
        "category_id": category, "iscrowd": 0, "score": round(score, 3), "area": float(mask.sum()),
        "bbox": [float(value) for value in coco.toBbox(runs)],
        "segmentation": {"size": list(mask.shape), "counts": runs["counts"].decode()},
    }  # fmt: skip


def _open(category: int, box: NDArray[np.float32], score: float) -> dict[str, Any]:
    width, height = (float(value) for value in box[2:] - box[:2])
    return {
        "category_id": category, "iscrowd": 1, "score": round(score, 3), "area": width * height,
        "bbox": [float(box[0]), float(box[1]), width, height],
    }  # fmt: skip
