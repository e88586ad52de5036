"""Write the results of a semantic evaluation: figures, the confusion matrix and a sheet of mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.semantic.measure_classes import (
    SemanticEvaluation,
    classify_picture,
    figures,
    mistakes,
    worst_first,
)
from pipeline.files import make_folder, whole_stream
from pipeline.labels.pixel_folder import load_pixels
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID, PixelClasses

METRICS, MATRIX, MISTAKES = "metrics.json", "confusion.png", "worst.png"

#: Pictures of the sheet, one a row.
_ROWS = 5

#: R, G, B of a pixel that is wrong.
_WRONG = (255, 40, 90)


def write_classes(evaluation: SemanticEvaluation, folder: Path) -> list[Path]:
    """The files written: `metrics.json`, `confusion.png` and `worst.png`. Raises WriteError."""
    make_folder(folder)
    with whole_stream(folder / METRICS) as stream:
        stream.write((json.dumps(figures(evaluation), indent=1) + "\n").encode())
    for name, draw in ((MATRIX, draw_confusion), (MISTAKES, draw_worst)):
        with whole_stream(folder / name) as stream:
            draw(evaluation, stream)
    return [folder / METRICS, folder / MATRIX, folder / MISTAKES]


def draw_confusion(evaluation: SemanticEvaluation, stream: BinaryIO) -> None:
    """Write a PNG: for each class of the labels, the share of its pixels that was found as each class."""
    from matplotlib.figure import Figure

    names, counts = evaluation.classes.names, evaluation.confusion.counts
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.5 + 0.55 * len(names)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="found", ylabel="label")
    for row, column in np.argwhere(shares >= 0.005).tolist():
        colour = "white" if shares[row, column] > 0.6 else "black"
        text = f"{100 * shares[row, column]:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    figure.colorbar(image, label="share of the class's pixels", shrink=0.8)
    figure.savefig(stream, format="png", dpi=110)


def draw_worst(evaluation: SemanticEvaluation, stream: BinaryIO) -> None:
    """Write a PNG: the pictures with the most pixels wrong, each with its labels, what was found, and what is wrong."""
    from matplotlib.figure import Figure

    chosen = worst_first(evaluation.pictures)[:_ROWS]
    figure = Figure(figsize=(16, 3.2 * len(chosen)), layout="constrained")
    grid: Any = figure.subplots(len(chosen), 4, squeeze=False)
    for line, one in zip(grid, chosen, strict=True):
        classes = evaluation.classes
        pixels, labels = load_pixels(one.entry, len(classes), classes.ignored)
        found = classify_picture(evaluation.network, pixels)
        marked = pixels // 2
        marked[mistakes(labels, found)] = _WRONG
        tiles = (
            (pixels, one.entry.name),
            (coloured(labels, classes), "labels"),
            (coloured(found, classes), found_title(one.confusion.accuracy)),
            (marked, "wrong"),
        )
        for axes, (tile, title) in zip(line, tiles, strict=True):
            axes.imshow(tile)
            axes.set_title(title, fontsize=9)
            axes.set_axis_off()
    figure.savefig(stream, format="png", dpi=80)


def found_title(right: float | None) -> str:
    """The title over what was found. right : share of the known pixels; None where none is known."""
    return "found" if right is None else f"found, {100 * right:.0f} % right"


def coloured(labels: ClassMap, classes: PixelClasses) -> NDArray[np.uint8]:
    """uint8 RGB [H, W, 3] of a class map in the classes' colours; black where the class is not known."""
    table = np.zeros((VOID + 1, 3), np.uint8)
    table[: len(classes)] = classes.colours
    return table[labels]
