"""Write the results of an evaluation: figures, curve and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.plot import plot_precision_recall
from pipeline.evaluation.report import as_values
from pipeline.evaluation.sheet import draw_mistakes
from pipeline.files import whole_stream

METRICS, CURVE, MISTAKES = "metrics.json", "precision_recall.png", "worst.png"


def write_results(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The files written: `metrics.json`, `precision_recall.png`, and `worst.png` where the pictures are at hand.

    The folder is made if it is not there. Raises StoreError where something cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with whole_stream(folder / METRICS) as stream:
        stream.write((json.dumps(as_values(evaluation), indent=1) + "\n").encode())
    with whole_stream(folder / CURVE) as stream:
        plot_precision_recall(evaluation, stream)
    if any(picture.file is None for picture in evaluation.truth.pictures):
        return [folder / METRICS, folder / CURVE]
    with whole_stream(folder / MISTAKES) as stream:
        draw_mistakes(evaluation, stream)
    return [folder / METRICS, folder / CURVE, folder / MISTAKES]
