"""Writes the results of an evaluation: figures, curve and mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipeline.evaluation.evaluate import ClassScore, Evaluation
from pipeline.evaluation.report import as_values
from pipeline.evaluation.sheet import draw_mistakes
from pipeline.files import make_folder, whole_stream

METRICS, CURVE, MISTAKES = "metrics.json", "precision_recall.png", "worst.png"


def write_results(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The files written: `metrics.json`, `precision_recall.png`, and `worst.png` where the pictures are at hand.

    The folder is made if it is not there. Raises WriteError where something cannot be written.
    """
    make_folder(folder)
    with whole_stream(folder / METRICS) as stream:
        stream.write((json.dumps(as_values(evaluation), indent=1) + "\n").encode())
    with whole_stream(folder / CURVE) as stream:
        plot_precision_recall(evaluation, stream)
    if any(picture.file is None for picture in evaluation.truth.pictures):
        return [folder / METRICS, folder / CURVE]
    with whole_stream(folder / MISTAKES) as stream:
        draw_mistakes(evaluation, stream)
    return [folder / METRICS, folder / CURVE, folder / MISTAKES]


def plot_precision_recall(evaluation: Evaluation, stream: BinaryIO) -> None:
    """Write a PNG: a curve for each class and group, masks at IoU 0.5; a dot where `conf` lies."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    recall = np.linspace(0.0, 1.0, 101)
    for score in sorted((*evaluation.classes, *evaluation.groups), key=_ap50, reverse=True):
        if score.mask.precision is None:
            continue
        style = "--" if score.one.is_group else "-"
        (line,) = axes.plot(
            recall, score.mask.precision, style, label=f"{score.one.name}  AP50 {_ap50(score):.3f}"
        )
        tally = score.at_conf
        if tally.judged_recall is not None and tally.precision is not None:
            axes.plot(tally.judged_recall, tally.precision, "o", color=line.get_color())
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.01))
    axes.set_title(f"masks at IoU 0.5; dots: score {evaluation.settings.conf:g} and above")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
    figure.savefig(stream, format="png", dpi=110)


def _ap50(score: ClassScore) -> float:
    return -1.0 if score.mask.ap50 is None else score.mask.ap50
