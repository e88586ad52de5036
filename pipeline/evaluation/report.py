"""Report: an evaluation as rows of tables, and as plain values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pipeline.evaluation.average_precision import ClassCurve
from pipeline.evaluation.evaluate import ClassScore, Evaluation
from pipeline.evaluation.figures import figure_text
from pipeline.labels.confusion import PixelScore, mean_of

Table = list[tuple[str, ...]]

_MEASURES = ("ap", "ap50", "ap75", "small", "medium", "large")
_SHARES = ("accuracy", "iou", "dice")


def as_tables(evaluation: Evaluation) -> list[Table]:
    """Tables, each with its column names on top: objects, pixels and, of a video with identities, those."""
    tables = [_objects(evaluation), _pixels(evaluation)]
    return tables if evaluation.identities is None else [*tables, _identities(evaluation)]


def as_values(evaluation: Evaluation) -> dict[str, Any]:
    """Everything that was measured; None stands for what cannot be, as there is no such object."""
    pixels, identities = evaluation.pixels, evaluation.identities
    values: dict[str, Any] = {
        "pictures": len(evaluation.truth.pictures),
        "conf": evaluation.settings.conf,
        "min_score": evaluation.settings.min_score,
        "min_side": evaluation.settings.min_side,
        "mean": means(evaluation),
        "classes": {score.one.name: _values(score) for score in evaluation.classes},
        "groups": {score.one.name: _values(score) for score in evaluation.groups},
        "pixels": {
            "accuracy": pixels.accuracy,
            "mean": _pixel_means(evaluation),
            "classes": {name: asdict(score) for name, score in pixels.classes.items()},
            "background": asdict(pixels.background),
        },
    }
    if identities is not None:
        rate = identities.switches_per_ten_seconds
        values["identities"] = {**asdict(identities), "switches_per_object_and_ten_seconds": rate}
    return values


def means(evaluation: Evaluation) -> dict[str, dict[str, float | None]]:
    """Means of mask and box AP over the classes that have the measure, groups not among them."""
    return {
        kind: {
            name: mean_of([getattr(getattr(score, kind), name) for score in evaluation.classes])
            for name in _MEASURES
        }
        for kind in ("mask", "box")
    }


def _objects(evaluation: Evaluation) -> Table:
    names = ("CLASS", "OBJECTS", "MASK AP", "AP50", "AP75", "SMALL", "MEDIUM", "LARGE", "BOX AP", "AP50")
    mean = means(evaluation)
    last = [mean["mask"][name] for name in _MEASURES] + [mean["box"]["ap"], mean["box"]["ap50"]]
    return [
        (*names, "RECALL", "PRECISION"),
        *(_object_row(score) for score in evaluation.classes),
        ("mean", "", *map(figure_text, last), "", ""),
        *(_object_row(score) for score in evaluation.groups),
    ]


def _object_row(score: ClassScore) -> tuple[str, ...]:
    figures = [getattr(score.mask, name) for name in _MEASURES]
    figures += [score.box.ap, score.box.ap50, score.at_conf.recall, score.at_conf.precision]
    return (score.one.name, str(score.at_conf.objects), *map(figure_text, figures))


def _pixels(evaluation: Evaluation) -> Table:
    pixels, mean = evaluation.pixels, _pixel_means(evaluation)

    def row(name: str, score: PixelScore) -> tuple[str, ...]:
        return name, *(figure_text(getattr(score, share)) for share in _SHARES)

    return [
        ("PIXELS", "ACCURACY", "IOU", "DICE"),
        *(row(name, score) for name, score in pixels.classes.items()),
        ("mean", *(figure_text(mean[share]) for share in _SHARES)),
        row("background", pixels.background),
        ("all pixels", figure_text(pixels.accuracy), "", ""),
    ]


def _identities(evaluation: Evaluation) -> Table:
    scores = evaluation.identities
    assert scores is not None
    return [
        ("IDENTITIES", "SECONDS", "SWITCHES", "A TEN SECONDS", "IDF1", "HOTA"),
        (
            str(scores.objects),
            f"{scores.object_seconds:.1f}",
            str(scores.switches),
            figure_text(scores.switches_per_ten_seconds),
            figure_text(scores.idf1),
            figure_text(scores.hota),
        ),
    ]


def _pixel_means(evaluation: Evaluation) -> dict[str, float | None]:
    scores = evaluation.pixels.classes.values()
    return {share: mean_of([getattr(score, share) for score in scores]) for share in _SHARES}


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
