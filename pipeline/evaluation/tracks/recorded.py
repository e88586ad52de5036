"""Recorded: what a finished run found, frame by frame, beside a video's labels."""

from __future__ import annotations

import numpy as np

from pipeline.errors import InputError
from pipeline.evaluation.classes import same_names
from pipeline.evaluation.found import Found, found_in
from pipeline.evaluation.settings import EvalSettings
from pipeline.labels.truth import TruePicture, Truth
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks


def recorded(file: DetectionsFile, truth: Truth, settings: EvalSettings) -> list[Found]:
    """The detections of each labelled frame; classes and tracks as they were painted.

    A detection has the class that its track has by then. Its track counts from the frame on in which its score first
    reaches `conf`. Raises InputError where the labels are of another video.
    """
    for picture in truth.pictures:
        _check(picture, file.header, file)
    categories = same_names(file.header.class_names, truth.names)
    wanted = {picture.frame: place for place, picture in enumerate(truth.pictures)}
    found: dict[int, Found] = {}
    for frame, tracks in file.frames():
        if frame in wanted:
            size = file.header.height, file.header.width
            found[wanted[frame]] = found_in(
                _as_painted(tracks), size, categories, settings.min_score, _followed(tracks, settings.conf)
            )
    return [found[place] for place in range(len(truth.pictures))]


def seconds_per_frame(header: Header, truth: Truth) -> float:
    """Time from one labelled frame to the next, on average; 0 for a single one."""
    frames = np.array([picture.frame for picture in truth.pictures], np.int64) - header.first_frame
    seconds = header.seconds[frames]
    return float(seconds[-1] - seconds[0]) / max(len(seconds) - 1, 1)


def _as_painted(tracks: Tracks) -> Detections:
    own = tracks.detections
    return Detections(own.boxes, own.scores, tracks.class_ids, own.roi_masks)


def _followed(tracks: Tracks, conf: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.where(tracks.peak_scores >= conf, tracks.track_ids, NO_TRACK)


def _check(picture: TruePicture, header: Header, file: DetectionsFile) -> None:
    here = f"{header.width}x{header.height} px"
    if (picture.height, picture.width) != (header.height, header.width):
        raise InputError(
            f"The labels are of another video than {file.path}.",
            found=f"{picture.name} is {picture.width}x{picture.height} px, the video's frames are {here}",
            do="give the labels of this video, at its own size",
        )
    if picture.frame is None or not header.first_frame <= picture.frame < header.stop_frame:
        raise InputError(
            f"The labels are of another video than {file.path}.",
            found=f"frame {picture.frame}; the run has {header.first_frame} to {header.stop_frame - 1}",
            do="give each picture the `frame_index` of its frame, from 0 on in presentation order; "
            "for the run of a part, the labels of its frames alone",
        )
