"""The work on one picture: its objects found, painted over it, and the result written."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.files import MayReplace, write_whole
from pipeline.pictures.job import PictureJob
from pipeline.pictures.kinds import kind_of_name
from pipeline.pictures.picture import Picture
from pipeline.pictures.stored import KnownPicture
from pipeline.pictures.write import encoded
from pipeline.render.frame_labels import FrameLabels
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.segment.segmenter import Segmenter
from pipeline.segment.settings import SegmentSettings
from pipeline.store.header import StoredPicture
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.track.tracker import Tracker


class Finder:
    """Finds objects in pictures by the network of these settings, which is loaded when it is first needed.

    Any number of threads may ask; as many are let through as the network has use for.
    """

    def __init__(self, settings: SegmentSettings) -> None:
        self._segmenter = Segmenter(settings)
        self._names: Mapping[int, str] | None = None
        self._loading, self._turns = threading.Lock(), threading.Semaphore()

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id. Raises WeightsError, ConfigError where the network cannot be loaded."""
        with self._loading:
            if self._names is None:
                self._names = self._segmenter.setup()
                self._turns = threading.Semaphore(self._segmenter.callers)
            return self._names

    def find(self, picture: Picture) -> Detections:
        """The picture's objects, in its own pixels."""
        assert self.class_names
        wide, tall = self._segmenter.frame_size(picture.width, picture.height, None)
        rgb = picture.shrunk(wide, tall)
        with self._turns:
            (found,) = self._segmenter.segment(rgb[None])
        return found.scaled(picture.width / wide, picture.height / tall)


def make_picture(
    picture: Picture,
    detections: Detections,
    class_names: Mapping[int, str],
    entry: StoredPicture,
    output: Path,
    job: PictureJob,
    keep: Callable[[KnownPicture], None],
    may_replace: MayReplace,
) -> KnownPicture:
    """Tell `keep` the facts of the picture, write the output, and return them.

    The facts come first: what lies under the output's name is known by them even after a kill. Raises WriteError,
    UsageError where another file has that name by then.
    """
    tracker = Tracker(job.track, class_names)
    # A video of one frame: every object that is sure enough has a number at once.
    _, tracks = tracker.step(tracker.start(), 0.0, detections)
    planner = LabelPlanner(job.render, picture.width, picture.height, class_names)
    _, (labels,) = planner.follow(planner.start(), [(0.0, tracks)])
    painted = paint_picture(Overlay(job.render, class_names), picture, tracks, labels)
    output.parent.mkdir(parents=True, exist_ok=True)
    content = encoded(painted, kind_of_name(output), job.write)
    known = KnownPicture(replace(entry, sha256=hashlib.sha256(content).hexdigest()), tracks, class_names)
    keep(known)
    write_whole(output, content, may_replace)
    return known


def paint_picture(overlay: Overlay, picture: Picture, tracks: Tracks, labels: FrameLabels) -> Picture:
    """A painted copy; what lies under no mask, line or label keeps its numbers, and all keeps its alpha."""
    red, green, blue = (picture.rgb[..., channel].copy() for channel in range(3))
    bits = 8 * picture.rgb.dtype.itemsize
    painted = overlay.paint(YuvFrame(green, blue, red, bits, True, "gbr"), tracks, labels)
    rgb = np.empty_like(picture.rgb)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = painted.v, painted.y, painted.u
    return Picture(rgb, picture.alpha, picture.remarks)
