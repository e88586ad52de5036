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
from pipeline.labels.confusion import Confusion, PixelScore
from pipeline.labels.truth import TrueObject, TruePicture
from pipeline.structures.pixel_classes import VOID

#: Stands in a map where nothing is.
_NOTHING = 0


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
    whole = partial = Confusion.none(len(singles) + 1)
    for picture, here in zip(pictures, found, strict=True):
        scoped = {
            category: k
            for k, one in enumerate(singles, start=1)
            for category in one.members
            if one.judged_in(picture.scope)
        }
        truth = _true_map(picture, scoped, {other for one in classes for other in one.doubtful}, min_side)
        ours = _found_map(picture, here, scoped, conf)
        counted = Confusion.of(truth, ours, len(singles) + 1)
        if len(scoped) == len(singles) > 0:
            whole += counted
        else:
            partial += counted
    total = whole + partial
    return PixelScores(
        {one.name: total.score(k) for k, one in enumerate(singles, start=1)},
        whole.score(_NOTHING),
        whole.accuracy,
    )


def _true_map(
    picture: TruePicture, scoped: dict[int, int], doubtful: set[int], min_side: float
) -> NDArray[np.uint8]:
    """uint8 [H, W]: 0, the number of a class, or VOID. Small objects lie on top of large ones."""
    labels = np.full((picture.height, picture.width), _NOTHING, np.uint8)

    def is_void(one: TrueObject) -> bool:
        return one.ignored or one.runs is None or one.category in doubtful or one.short_side < min_side

    for one in filter(is_void, picture.objects):
        runs = box_runs(one.box, (picture.height, picture.width)) if one.runs is None else one.runs
        labels[coco.decode(runs) > 0] = VOID
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
