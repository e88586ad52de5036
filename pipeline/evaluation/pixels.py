"""Pixels: how well classes are told apart pixel by pixel, whichever object a pixel is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.evaluation.annotations import box_runs
from pipeline.evaluation.classes import MeasuredClass
from pipeline.evaluation.found import Found
from pipeline.labels.truth import TrueObject, TruePicture

#: Stands in a map where nothing is, and where a pixel is not counted.
_NOTHING, _VOID = 0, 255


@dataclass(frozen=True)
class PixelScore:
    """The scores of one class, counted in pixels.

    accuracy : share of the class's pixels that are found as such. iou : intersection over union. dice : twice the
    intersection over the sum. Each is None where there is nothing to divide by.
    """

    accuracy: float | None
    iou: float | None
    dice: float | None


@dataclass(frozen=True)
class PixelScores:
    """The classes by name, and all of them together.

    classes : those that some picture labels completely, each in the pictures that do. background : none of them.
    accuracy : share of all pixels that are right. Background and accuracy are of pictures that label all of these.
    """

    classes: dict[str, PixelScore]
    background: PixelScore
    accuracy: float | None


def pixel_scores(
    pictures: Sequence[TruePicture],
    found: Sequence[Found],
    classes: Sequence[MeasuredClass],
    conf: float,
    min_side: float,
) -> PixelScores:
    """The scores of maps in which each detection from score `conf` on is painted, the best one on top.

    A class that a picture does not label completely is nothing there, in labels and detections alike. Ignored
    objects without another object's mask on them are not counted, nor are boxes without a mask.
    """
    singles = [
        one
        for one in classes
        if not one.is_group and any(one.judged_in(picture.scope) for picture in pictures)
    ]
    counts = np.zeros((2, len(singles) + 1, len(singles) + 1), np.int64)
    for picture, here in zip(pictures, found, strict=True):
        scoped = {
            category: k
            for k, one in enumerate(singles, start=1)
            for category in one.members
            if one.judged_in(picture.scope)
        }
        truth = _true_map(picture, scoped, {other for one in classes for other in one.doubtful}, min_side)
        ours = _found_map(picture, here, scoped, conf)
        counts[int(len(scoped) == len(singles) > 0)] += confusion(truth, ours, len(singles) + 1)
    whole, total = counts[1], counts.sum(axis=0)
    return PixelScores(
        {one.name: _score(total, k) for k, one in enumerate(singles, start=1)},
        _score(whole, _NOTHING),
        _share(int(np.trace(whole)), int(whole.sum())),
    )


def confusion(truth: NDArray[np.uint8], ours: NDArray[np.uint8], labels: int) -> NDArray[np.int64]:
    """int64 [labels, labels], pixels by label (row) and by what was found (column); void ones left out."""
    counted = truth != _VOID
    pairs = truth[counted].astype(np.int64) * labels + ours[counted]
    return np.bincount(pairs, minlength=labels * labels).reshape(labels, labels).astype(np.int64)


def _true_map(
    picture: TruePicture, scoped: dict[int, int], doubtful: set[int], min_side: float
) -> NDArray[np.uint8]:
    """uint8 [H, W]: 0, the number of a class, or _VOID. Small objects lie on top of large ones."""
    labels = np.full((picture.height, picture.width), _NOTHING, np.uint8)

    def is_void(one: TrueObject) -> bool:
        return one.ignored or one.runs is None or one.category in doubtful or one.short_side < min_side

    for one in filter(is_void, picture.objects):
        runs = box_runs(one.box, (picture.height, picture.width)) if one.runs is None else one.runs
        labels[coco.decode(runs) > 0] = _VOID
    solid = [one for one in picture.objects if not is_void(one)]
    for one in sorted(solid, key=lambda one: -one.area):
        labels[coco.decode(one.runs) > 0] = scoped.get(one.category, _NOTHING)
    return labels


def _found_map(picture: TruePicture, found: Found, scoped: dict[int, int], conf: float) -> NDArray[np.uint8]:
    labels = np.full((picture.height, picture.width), _NOTHING, np.uint8)
    for row in np.flatnonzero(found.scores >= conf)[::-1].tolist():
        category = int(found.categories[row])
        if category in scoped:
            labels[coco.decode(found.runs[row]) > 0] = scoped[category]
    return labels


def _score(counts: NDArray[np.int64], k: int) -> PixelScore:
    both, true, ours = int(counts[k, k]), int(counts[k].sum()), int(counts[:, k].sum())
    return PixelScore(
        accuracy=_share(both, true), iou=_share(both, true + ours - both), dice=_share(2 * both, true + ours)
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
