"""Report: an evaluation as rows of a table, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.evaluation.average_precision import ClassCurve
from pipeline.evaluation.evaluate import ClassScore, Evaluation

_COLUMNS = (
    "CLASS",
    "OBJECTS",
    "MASK AP",
    "AP50",
    "AP75",
    "SMALL",
    "MEDIUM",
    "LARGE",
    "BOX AP",
    "AP50",
    "FOUND",
    "RIGHT",
)
_MEASURES = ("ap", "ap50", "ap75", "small", "medium", "large")


def as_table(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row for each class and group below the column names, and the mean over the classes."""
    singles = [score for score in evaluation.classes if not score.one.is_group]
    groups = [score for score in evaluation.classes if score.one.is_group]
    mean = means(evaluation)
    last = ("mean", "", *(_shown(mean["mask"][name]) for name in _MEASURES))
    last += (_shown(mean["box"]["ap"]), _shown(mean["box"]["ap50"]), "", "")
    return [_COLUMNS, *map(_row, singles), last, *map(_row, groups)]


def as_values(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that was measured; None stands for what cannot be, as there is no such object."""
    return {
        "pictures": evaluation.pictures,
        "conf": evaluation.settings.conf,
        "min_score": evaluation.settings.min_score,
        "min_side": evaluation.settings.min_side,
        "mean": means(evaluation),
        "classes": {score.one.name: _values(score) for score in evaluation.classes if not score.one.is_group},
        "groups": {score.one.name: _values(score) for score in evaluation.classes if score.one.is_group},
    }


def means(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    """Means over the classes that have the measure, groups not among them."""
    singles = [score for score in evaluation.classes if not score.one.is_group]
    return {
        kind: {
            name: mean_of([getattr(getattr(score, kind), name) for score in singles]) for name in _MEASURES
        }
        for kind in ("mask", "box")
    }


def mean_of(values: Sequence[float | None]) -> float | None:
    """The mean of those that are there; None where there are none."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _row(score: ClassScore) -> tuple[str, ...]:
    tally = score.at_conf
    figures = [getattr(score.mask, name) for name in _MEASURES]
    figures += [score.box.ap, score.box.ap50, tally.recall, tally.precision]
    return (score.one.name, str(tally.objects), *map(_shown, figures))


def _values(score: ClassScore) -> dict[str, Any]:
    tally = score.at_conf
    return {
        "objects": tally.objects,
        "mask": _curve(score.mask),
        "box": _curve(score.box),
        "recall": tally.recall,
        "precision": tally.precision,
        "found": tally.found,
        "right": tally.right,
        "wrong": tally.wrong,
    }


def _curve(curve: ClassCurve) -> dict[str, float | None]:
    return {name: getattr(curve, name) for name in _MEASURES}


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
