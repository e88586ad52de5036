"""The work on one picture: looked at, and painted over with what was found."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.pictures.job import PictureJob
from pipeline.pictures.kinds import kind_of_name
from pipeline.pictures.picture import Picture
from pipeline.pictures.stored import KnownPicture, PictureStore
from pipeline.pictures.write import encoded
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.segment.segmenter import Segmenter
from pipeline.store.header import StoredPicture
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.track.tracker import Tracker


@dataclass(frozen=True, eq=False)
class FoundInPicture:
    """The findings in a picture.

    class_names : of the detections. class_map : in the picture's size; None where none was asked for.
    """

    detections: Detections
    class_names: Mapping[int, str]
    class_map: ClassMap | None = None


#: Detections in the pixels that the network was given, and the class map.
_Looked = tuple[Detections, ClassMap | None]


class _Group:
    """Pictures of one size that the network is given in one call. looked : its answers, in the same order."""

    def __init__(self) -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self.looked: Future[list[_Looked]] = Future()


class Finder:
    """Looks at pictures by a network, which is loaded when it is first needed; any number of threads may ask.

    To be closed by whoever makes it.

    The network computes in as many threads of its own as it has use for, so that it goes straight on to the next
    picture. Called by those that ask, it stood still for 3 ms after each: Python ran the one that had just got its
    answer, and not the one whose turn it was.

    Pictures that wait for it and are given to it in the same size are one call, up to as many as its segmenter's
    `batch` says. None waits for others to come.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter, self._loading, self._grouping = segmenter, threading.Lock(), threading.Lock()
        self._loaded: tuple[Mapping[int, str], ThreadPoolExecutor] | None = None
        self._waiting: dict[tuple[int, ...], _Group] = {}

    def look(self, picture: Picture) -> FoundInPicture:
        """The findings, in the picture's own pixels.

        Raises WeightsError, ConfigError for a network that cannot be had.
        """
        names, callers = self._network()
        wide, tall = self._segmenter.frame_size(picture.width, picture.height, None)
        found, class_map = self._look_in_group(picture.shrunk(wide, tall), callers)
        in_size = None if class_map is None else _enlarged(class_map, picture.width, picture.height)
        return FoundInPicture(found.scaled(picture.width / wide, picture.height / tall), names, in_size)

    def close(self) -> None:
        """End the network's threads, once they are through with what was asked."""
        if self._loaded is not None:
            self._loaded[1].shutdown()

    def _look_in_group(self, rgb: NDArray[np.uint8], callers: ThreadPoolExecutor) -> _Looked:
        """Let a picture join those of its size that wait, or begin another group; the network's answer."""
        with self._grouping:
            most, group = self._segmenter.batch, self._waiting.get(rgb.shape)
            if group is None or len(group.pictures) >= most:
                group = self._waiting[rgb.shape] = _Group()
                group.looked = callers.submit(self._look_at, group)
            group.pictures.append(rgb)
            place = len(group.pictures) - 1
        return group.looked.result()[place]

    def _look_at(self, group: _Group) -> list[_Looked]:
        """Close the group, and look at its pictures."""
        with self._grouping:
            first = group.pictures[0]
            if self._waiting.get(first.shape) is group:
                del self._waiting[first.shape]
        # Stacking copies, which for a single one is a millisecond of fresh pages.
        return self._segmenter.look(first[None] if len(group.pictures) == 1 else np.stack(group.pictures))

    def _network(self) -> tuple[Mapping[int, str], ThreadPoolExecutor]:
        """Names of its classes, and the threads that call it."""
        with self._loading:
            if self._loaded is None:
                names = self._segmenter.setup()
                self._loaded = names, ThreadPoolExecutor(self._segmenter.callers, "network")
            return self._loaded


@dataclass(frozen=True, eq=False)
class MadePicture:
    """The facts of a picture that is painted, and the content of its output, which is not written yet."""

    known: KnownPicture
    content: bytes


def make_picture(
    picture: Picture,
    found: FoundInPicture,
    classes: PixelClasses | None,
    entry: StoredPicture,
    output: Path,
    job: PictureJob,
    store: PictureStore,
) -> MadePicture:
    """The picture painted, and its class map, of these classes, in the store. Raises WriteError."""
    tracker = Tracker(job.track, found.class_names)
    # A video of one frame: every object that is sure enough has a number at once.
    _, tracks = tracker.step(tracker.start(), 0.0, found.detections)
    planner = LabelPlanner(job.render, picture.width, picture.height, found.class_names)
    _, (labels,) = planner.follow(planner.start(), [(0.0, tracks)])
    overlay = Overlay(job.render, found.class_names, classes)
    painted = replace(picture, rgb=overlay.paint_rgb(picture.rgb, tracks, labels, found.class_map))
    content = encoded(painted, kind_of_name(output), job.write)
    class_map = "" if found.class_map is None else store.keep_class_map(entry.output, found.class_map)
    whole = replace(entry, sha256=hashlib.sha256(content).hexdigest(), class_map=class_map)
    return MadePicture(KnownPicture(whole, tracks, found.class_names), content)


def _enlarged(class_map: ClassMap, width: int, height: int) -> ClassMap:
    """The class map in another size; its borders are where shares of two classes, enlarged, are the same.

    The nearest numbers alone would make steps of them.
    """
    if class_map.shape == (height, width):
        return class_map
    chosen, most = np.zeros((height, width), np.uint8), np.zeros((height, width), np.uint8)
    for number in np.unique(class_map):
        alone = np.where(class_map == number, 255, 0).astype(np.uint8)
        share = cv2.resize(alone, (width, height), interpolation=cv2.INTER_LINEAR)
        chosen[share > most] = number
        most = np.maximum(most, share)
    return chosen
