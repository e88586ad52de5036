"""Mistakes: the detections and labels that cost most, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.evaluation.evaluate import ClassScore, Evaluation
from pipeline.labels.truth import Runs


@dataclass(frozen=True, eq=False)
class Mistake:
    """One detection on nothing, or one object that is not found.

    picture : its place in the evaluation's pictures. row : its place in the picture's detections or labels.
    is_false_alarm : a detection; otherwise an object. box : float64 [4], x1, y1, x2, y2 px.
    class_name : of the detection or the object. score : of the detection; None for an object.
    overlap : the greatest IoU of its mask with an object's (or a detection's of score `conf` on), of any class.
    """

    picture: int
    row: int
    is_false_alarm: bool
    box: NDArray[np.float64]
    class_name: str
    score: float | None
    overlap: float


def false_alarms(evaluation: Evaluation, most: int) -> list[Mistake]:
    """Detections on no object of their class where those are all labelled; the best scores, best first."""
    wrong = [
        (float(outcome.scores[place]), outcome.picture, int(outcome.found_rows[place]), score.one.name)
        for score in evaluation.classes
        for outcome in score.mask.outcomes
        if outcome.judged
        for place in np.flatnonzero(~outcome.hits & ~outcome.forgiven)
    ]
    return [_false_alarm(evaluation, *one) for one in sorted(wrong, key=lambda one: -one[0])[:most]]


def misses(evaluation: Evaluation, most: int) -> list[Mistake]:
    """Objects without a detection of their class of score `conf` on; the largest, largest first."""
    missed = {
        (outcome.picture, int(row))
        for score in (*evaluation.classes, *_stand_ins(evaluation))
        for outcome in score.mask.outcomes
        for row in outcome.true_rows[~outcome.true_ignored & (outcome.true_scores < evaluation.settings.conf)]
    }
    pictures = evaluation.truth.pictures
    largest = sorted(missed, key=lambda one: (-pictures[one[0]].objects[one[1]].area, one))
    return [_miss(evaluation, picture, row) for picture, row in largest[:most]]


def _stand_ins(evaluation: Evaluation) -> list[ClassScore]:
    """The groups whose objects are labelled as the whole; those of the others are in the classes already."""
    return [score for score in evaluation.groups if score.one.also_true]


def _false_alarm(evaluation: Evaluation, score: float, picture: int, row: int, name: str) -> Mistake:
    found = evaluation.found[picture]
    true = [one.runs for one in evaluation.truth.pictures[picture].objects if one.runs is not None]
    overlap = _best(found.runs[row], true)
    return Mistake(picture, row, True, found.boxes[row], name, score, overlap)


def _miss(evaluation: Evaluation, picture: int, row: int) -> Mistake:
    found, one = evaluation.found[picture], evaluation.truth.pictures[picture].objects[row]
    strong = np.flatnonzero(found.scores >= evaluation.settings.conf).tolist()
    overlap = _best(one.runs, [found.runs[place] for place in strong])
    return Mistake(picture, row, False, one.box, evaluation.truth.names[one.category], None, overlap)


def _best(one: Runs | None, others: list[Runs]) -> float:
    return float(np.max(coco.iou([one], others, [0] * len(others)))) if others else 0.0
