"""Measures against labels: a network on a folder of pictures, or a finished run on its video."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import InputError
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.segmenting import Counted, segment_labelled
from pipeline.evaluation.settings import EvalSettings
from pipeline.evaluation.tracks.following import frame_overlaps, has_identities
from pipeline.evaluation.tracks.identities import identity_scores
from pipeline.evaluation.tracks.recorded import recorded, seconds_per_frame
from pipeline.labels.choose import Choice, choose
from pipeline.labels.coco_folder import read_entries
from pipeline.labels.read_truth import truth_of_pictures, truth_of_video
from pipeline.networks.registry import load
from pipeline.networks.settings import LoadSettings
from pipeline.store.reader import DetectionsFile


def measure_pictures(
    folder: Path,
    model: str,
    choice: Choice,
    settings: EvalSettings,
    report: Counted,
    detections: int | None = None,
    *,
    precision: str = "auto",
    thorough: bool = False,
) -> Evaluation:
    """The figures of the weights `model`, a name of the catalog or a file, on the chosen pictures of `folder`.

    detections : at most so many a picture; None: as many as the network gives by itself, of each look.
    precision : that it computes in. thorough : the network looks at each picture six times.

    Raises InputError where the labels or a picture cannot be read, WeightsError or UsageError as loading does.
    """
    entries, names = read_entries(folder)
    truth = truth_of_pictures(choose(entries, choice), names)
    wanted = LoadSettings(
        score=settings.min_score, detections=detections, precision=precision, thorough=thorough
    )
    network = load(model, wanted)
    found = segment_labelled(network, truth, settings.min_score, report)
    return evaluate(truth, found, list(network.class_names.values()), settings)


def measure_run(detections: Path, labels: Path, settings: EvalSettings) -> Evaluation:
    """The figures of a run's file of detections; of identities too where the labels have `track_id`s.

    Raises InputError where the labels cannot be read or are of another video, StoreError as reading does.
    """
    truth = truth_of_video(labels)
    with DetectionsFile(detections) as file:
        if not file.header.tracked:
            raise InputError(
                f"{detections} is of a part of a run.",
                found="detections without tracks",
                do="finish the run, and give its folder",
            )
        found = recorded(file, truth, settings)
        names = list(file.header.class_names.values())
        step = seconds_per_frame(file.header, truth)
    identities = None
    if has_identities(truth):
        identities = identity_scores(frame_overlaps(truth, found, settings.min_side), step)
    return evaluate(truth, found, names, settings, identities)
