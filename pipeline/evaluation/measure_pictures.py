"""Measure a network on a folder of labelled pictures."""

from __future__ import annotations

from pathlib import Path

from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.segmenting import Counted, segment_labelled
from pipeline.evaluation.settings import EvalSettings
from pipeline.labels.choose import Choice, choose
from pipeline.labels.coco_folder import read_entries
from pipeline.labels.read_truth import truth_of_pictures
from pipeline.networks.registry import load
from pipeline.networks.settings import LoadSettings


def measure_pictures(
    folder: Path,
    model: str,
    choice: Choice,
    settings: EvalSettings,
    report: Counted,
    detections: int | None = None,
) -> Evaluation:
    """The figures of the weights `model`, a name of the catalog or a file, on the chosen pictures of `folder`.

    detections : at most so many a picture; None: as many as the network gives by itself.

    Raises InputError where the labels or a picture cannot be read, WeightsError or UsageError as loading does.
    """
    entries, names = read_entries(folder)
    truth = truth_of_pictures(choose(entries, choice), names)
    network = load(model, LoadSettings(score=settings.min_score, detections=detections))
    found = segment_labelled(network, truth, settings.min_score, report)
    return evaluate(truth, found, list(network.class_names.values()), settings)
