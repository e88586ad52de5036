"""Evaluate: labels and detections in, all figures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.evaluation.average_precision import ClassCurve, class_curves
from pipeline.evaluation.classes import MeasuredClass, measured_classes
from pipeline.evaluation.found import Found
from pipeline.evaluation.outcome import Tally, tally
from pipeline.evaluation.pixels import PixelScores, pixel_scores
from pipeline.evaluation.settings import EvalSettings
from pipeline.evaluation.tracks.identities import IdentityScores
from pipeline.labels.truth import Truth


@dataclass(frozen=True, eq=False)
class ClassScore:
    """The measurements of one class.

    one : which. mask, box : average precision of masks and boxes. at_conf : masks at IoU 0.5 and the score `conf`.
    """

    one: MeasuredClass
    mask: ClassCurve
    box: ClassCurve
    at_conf: Tally


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A network or a run, measured.

    settings : what was counted. truth, found : of what, picture by picture.
    classes : each class. groups : several classes as one. pixels : classes pixel by pixel.
    identities : of a video whose labels have them.
    """

    settings: EvalSettings
    truth: Truth
    found: tuple[Found, ...]
    classes: tuple[ClassScore, ...]
    groups: tuple[ClassScore, ...]
    pixels: PixelScores
    identities: IdentityScores | None = None


def evaluate(
    truth: Truth,
    found: Sequence[Found],
    class_names: Sequence[str],
    settings: EvalSettings,
    identities: IdentityScores | None = None,
) -> Evaluation:
    """The figures of the detections `found`, one entry a picture, by a network that knows `class_names`."""
    classes = measured_classes(truth.names, class_names, settings.groups)
    masks, boxes = (
        class_curves(truth.pictures, found, classes, kind, settings.min_side) for kind in ("segm", "bbox")
    )
    scores = [
        ClassScore(one, mask, box, tally(mask.outcomes, settings.conf))
        for one, mask, box in zip(classes, masks, boxes, strict=True)
    ]
    return Evaluation(
        settings,
        truth,
        tuple(found),
        classes=tuple(score for score in scores if not score.one.is_group),
        groups=tuple(score for score in scores if score.one.is_group),
        pixels=pixel_scores(truth.pictures, found, classes, settings.conf, settings.min_side),
        identities=identities,
    )
