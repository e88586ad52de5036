"""Measure a semantic network on a folder of pictures with a class for every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.evaluation.figures import figure_text
from pipeline.evaluation.segmenting import Counted
from pipeline.labels.confusion import Confusion
from pipeline.labels.pixel_folder import PixelEntry, load_pixels, read_pixel_classes, read_pixel_entries
from pipeline.networks.registry import find_source
from pipeline.networks.semantic import is_semantic, load_classifier
from pipeline.networks.settings import LoadSettings
from pipeline.segment.shrink import shrunk
from pipeline.structures.class_map import ClassMap, PixelClassifier
from pipeline.structures.pixel_classes import VOID, PixelClasses


@dataclass(frozen=True, eq=False)
class MeasuredPicture:
    """A picture and how much of it is right. confusion : its pixels alone."""

    entry: PixelEntry
    confusion: Confusion


@dataclass(frozen=True, eq=False)
class SemanticEvaluation:
    """A semantic network, measured.

    network : what was measured. classes : what it knows. pictures : one by one. confusion : of all pixels.
    """

    network: PixelClassifier
    classes: PixelClasses
    pictures: tuple[MeasuredPicture, ...]
    confusion: Confusion


def gives_pixel_classes(model: str) -> bool:
    """True if weights, a name of the catalog or a file, are of a network that gives each pixel a class."""
    return model.endswith(".safetensors") and is_semantic(find_source(model))


def measure_classes(
    folder: Path, model: str, only: Path | None, limit: int | None, report: Counted
) -> SemanticEvaluation:
    """The figures of the weights `model` on the pictures of `folder`, at the labels' own size.

    only : a list of pictures. limit : at most so many, evenly spread.

    Raises InputError where pictures or labels cannot be read or the folder's classes are others, WeightsError.
    """
    entries = read_pixel_entries(folder, only)
    if limit is not None and limit < len(entries):
        entries = [entries[place * len(entries) // limit] for place in range(limit)]
    network = load_classifier(find_source(model), LoadSettings())
    classes = _classes(folder, network.classes)
    measured = []
    for place, entry in enumerate(entries):
        report(place, len(entries))
        pixels, labels = load_pixels(entry, len(classes), classes.ignored)
        found = classify_picture(network, pixels)
        measured.append(MeasuredPicture(entry, Confusion.of(labels, found, len(classes))))
    report(len(entries), len(entries))
    total = sum((one.confusion for one in measured), Confusion.none(len(classes)))
    return SemanticEvaluation(network, classes, tuple(measured), total)


def classify_picture(network: PixelClassifier, pixels: NDArray[np.uint8]) -> ClassMap:
    """The class map uint8 [H, W] of uint8 RGB [H, W, 3], which the network is given in its own size."""
    height, width = pixels.shape[:2]
    wide, tall = network.input_size(width, height, None)
    (found,) = network.classify(shrunk(pixels, wide, tall)[None], (height, width))
    return found


def figures(evaluation: SemanticEvaluation) -> dict[str, Any]:
    """Every figure, as JSON has it; None where there is nothing to divide by."""
    total = evaluation.confusion
    return {
        "pictures": len(evaluation.pictures),
        "pixel_accuracy": total.accuracy,
        "mean_pixel_accuracy": total.mean_accuracy,
        "mean_iou": total.mean_iou,
        "mean_dice": total.mean_dice,
        "classes": {
            name: {"accuracy": score.accuracy, "iou": score.iou, "dice": score.dice}
            for name, score in zip(evaluation.classes.names, total.scores, strict=True)
        },
        "confusion": total.counts.tolist(),
    }


def table(evaluation: SemanticEvaluation) -> list[tuple[str, ...]]:
    """A row a class with its share of the labels' pixels, then the means and all pixels."""
    total = evaluation.confusion
    pixels = max(int(total.counts.sum()), 1)
    rows: list[tuple[str, ...]] = [("CLASS", "PIXELS", "ACCURACY", "IOU", "DICE")]
    for place, (name, one) in enumerate(zip(evaluation.classes.names, total.scores, strict=True)):
        share = f"{100 * total.counts[place].sum() / pixels:.1f} %"
        rows.append((name, share, *map(figure_text, (one.accuracy, one.iou, one.dice))))
    rows.append(("mean", "", *map(figure_text, (total.mean_accuracy, total.mean_iou, total.mean_dice))))
    rows.append(("all pixels", "", figure_text(total.accuracy), "", ""))
    return rows


def worst_first(pictures: Sequence[MeasuredPicture]) -> list[MeasuredPicture]:
    """The pictures by the share of their pixels that is right, those of the least first."""

    def right(one: MeasuredPicture) -> float:
        share = one.confusion.accuracy
        return 2.0 if share is None else share  # nothing in it is known

    return sorted(pictures, key=right)


def mistakes(labels: ClassMap, found: ClassMap) -> NDArray[np.bool_]:
    """bool [H, W]: known pixels of which another class was found."""
    return (labels != VOID) & (labels != found)


def _classes(folder: Path, known: PixelClasses) -> PixelClasses:
    """The network's classes, with the numbers that the folder ignores if it says so itself."""
    there = read_pixel_classes(folder)
    if there is not None and there.names != known.names:
        raise InputError(
            f"The labels of {folder} are of other classes than the network's.",
            found=f"labels {list(there.names)}, network {list(known.names)}",
            do="measure a network that was trained on these classes, or rename those of the folder's classes.json",
        )
    return known if there is None else replace(known, ignored=there.ignored)
