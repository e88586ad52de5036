"""Average precision by COCO's own code, made to honour partial labels (Lin et al. 2014; docs/evaluation.md)."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pipeline.evaluation.annotations import IouKind, found_annotation, true_annotation
from pipeline.evaluation.classes import MeasuredClass
from pipeline.evaluation.found import Found
from pipeline.evaluation.outcome import Outcome
from pipeline.labels.truth import TruePicture

#: Detections of a class that are looked at in a picture, COCO's number.
MOST_FOUND = 100


@dataclass(frozen=True, eq=False)
class ClassCurve:
    """Precision and recall of one class at every score.

    ap : over IoU 0.50 to 0.95. ap50, ap75 : at one IoU. small, medium, large : ap of objects up to 32², up to 96²
        and above px. All are None where there is no such object in a picture whose labels of the class are complete.
    precision : float64 [101], at IoU 0.5 and recall 0, 0.01 .. 1; None with ap50.
    outcomes : for each picture with labels or detections of the class, what became of them at IoU 0.5.
    """

    ap: float | None
    ap50: float | None
    ap75: float | None
    small: float | None
    medium: float | None
    large: float | None
    precision: NDArray[np.float64] | None
    outcomes: tuple[Outcome, ...]


def class_curves(
    pictures: Sequence[TruePicture],
    found: Sequence[Found],
    classes: Sequence[MeasuredClass],
    kind: IouKind,
    min_side: float,
) -> list[ClassCurve]:
    """One entry a class: COCO's AP over the pictures that label it completely, and matches in all pictures.

    kind : whether masks or boxes are laid over each other. min_side : px; what is narrower or lower is ignored.
    """
    evaluator = _evaluator(pictures, found, classes, kind, min_side)
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator.evaluate()
        _forgive_small(evaluator, min_side)
        outcomes = _outcomes(evaluator, pictures, classes)
        _drop_unjudged(evaluator, pictures, classes)
        evaluator.accumulate()
    return [_curve(evaluator.eval["precision"][:, :, k, :, 0], own) for k, own in enumerate(outcomes)]


def _evaluator(
    pictures: Sequence[TruePicture],
    found: Sequence[Found],
    classes: Sequence[MeasuredClass],
    kind: IouKind,
    min_side: float,
) -> Any:
    true: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    for number, (picture, here) in enumerate(zip(pictures, found, strict=True)):
        for k, one in enumerate(classes):
            place = {"image_id": number, "category_id": k}
            for row, truth in enumerate(picture.objects):
                entry = true_annotation(truth, one, kind, min_side, (picture.height, picture.width))
                if entry is not None:
                    true.append({**place, **entry, "id": len(true) + 1, "row": row})
            for row in np.flatnonzero(np.isin(here.categories, list(one.members))).tolist():
                ours.append({**place, **found_annotation(here, row, kind), "id": len(ours) + 1, "row": row})
    evaluator = COCOeval(iouType=kind)
    evaluator.cocoGt, evaluator.cocoDt = _coco(pictures, classes, true), _coco(pictures, classes, ours)
    evaluator.params.imgIds = list(range(len(pictures)))
    evaluator.params.catIds = list(range(len(classes)))
    evaluator.params.maxDets = [MOST_FOUND]
    return evaluator


def _coco(
    pictures: Sequence[TruePicture], classes: Sequence[MeasuredClass], annotations: list[dict[str, Any]]
) -> Any:
    coco = COCO()
    coco.dataset = {
        "images": [
            {"id": number, "height": picture.height, "width": picture.width}
            for number, picture in enumerate(pictures)
        ],
        "categories": [{"id": k, "name": one.name} for k, one in enumerate(classes)],
        "annotations": annotations,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return coco


def _forgive_small(evaluator: Any, min_side: float) -> None:
    """Let an unmatched detection of a side below `min_side` be neither right nor wrong."""
    for result in filter(None, evaluator.evalImgs):
        small = [_short_side(evaluator.cocoDt.anns[one]) < min_side for one in result["dtIds"]]
        result["dtIgnore"] |= (result["dtMatches"] == 0) & np.array(small, np.bool_)


def _short_side(annotation: dict[str, Any]) -> float:
    return float(min(annotation["bbox"][2:]))


def _outcomes(
    evaluator: Any, pictures: Sequence[TruePicture], classes: Sequence[MeasuredClass]
) -> list[tuple[Outcome, ...]]:
    """Of each class, its matches at the first IoU, 0.5, with objects of all sizes."""
    results = np.array(evaluator.evalImgs, object).reshape(len(classes), -1, len(pictures))
    return [
        tuple(
            _outcome(evaluator, result, one.judged_in(pictures[number].scope))
            for number, result in enumerate(results[k, 0])
            if result is not None
        )
        for k, one in enumerate(classes)
    ]


def _outcome(evaluator: Any, result: dict[str, Any], judged: bool) -> Outcome:
    true, ours = evaluator.cocoGt.anns, evaluator.cocoDt.anns
    matches = result["gtMatches"][0].astype(int)
    return Outcome(
        picture=result["image_id"],
        judged=judged,
        found_rows=np.array([ours[one]["row"] for one in result["dtIds"]], np.intp),
        scores=np.array(result["dtScores"], np.float64),
        hits=(result["dtMatches"][0] > 0) & ~result["dtIgnore"][0],
        forgiven=np.asarray(result["dtIgnore"][0], np.bool_),
        true_rows=np.array([true[one]["row"] for one in result["gtIds"]], np.intp),
        true_scores=np.array([ours[one]["score"] if one else -1.0 for one in matches], np.float64),
        true_ignored=np.asarray(result["gtIgnore"], np.bool_),
    )


def _drop_unjudged(evaluator: Any, pictures: Sequence[TruePicture], classes: Sequence[MeasuredClass]) -> None:
    """Take out what is of a class and in a picture that does not label it completely."""
    judged = np.array([[one.judged_in(picture.scope) for picture in pictures] for one in classes])
    sizes = len(evaluator.params.areaRng)
    kept = np.repeat(judged, sizes, axis=0).reshape(-1)
    evaluator.evalImgs = [
        result if keep else None for result, keep in zip(evaluator.evalImgs, kept, strict=True)
    ]


def _curve(precision: NDArray[np.float64], outcomes: tuple[Outcome, ...]) -> ClassCurve:
    """The means of precision [10 IoUs, 101 recalls, 4 sizes], where -1 says that there is no such object."""

    def mean(part: NDArray[np.float64]) -> float | None:
        return None if (part < 0).any() else float(part.mean())

    at_half = precision[0, :, 0]
    return ClassCurve(
        ap=mean(precision[:, :, 0]),
        ap50=mean(at_half),
        ap75=mean(precision[5, :, 0]),
        small=mean(precision[:, :, 1]),
        medium=mean(precision[:, :, 2]),
        large=mean(precision[:, :, 3]),
        precision=None if (at_half < 0).any() else at_half,
        outcomes=outcomes,
    )
