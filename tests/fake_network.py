"""A kind of network that needs no framework: it finds the bright squares that `write_traffic` paints.

FAKE_FAIL names frames on which it always fails, FAKE_DELAY the seconds that it takes for a frame. FAKE_BEGUN is a file
that is there once a frame is being looked at. FAKE_STUCK is a file which the first that comes to frame 12 writes its
process id into, to be killed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from pipeline.networks.registry import NetworkKind
from pipeline.structures.detections import Detections
from pipeline.structures.pixel_classes import PixelClasses

#: Stands for the embedded network in tests: `monkeypatch.setitem(registry.KINDS, "own", KIND)`.
KIND = NetworkKind("own", "tests.fake_network", (".safetensors",))

NAMES = {1: "person", 3: "car"}

CLASSES = PixelClasses.of({"sky": (0, 0, 255), "road": (0, 255, 0), "car": (255, 0, 0)})


def class_names(source) -> Mapping[int, str]:
    return NAMES


def pixel_classes(source) -> PixelClasses:
    return CLASSES


def runtime(source, settings) -> str:
    return "fake"


def load(source, settings) -> BrightSquares:
    return BrightSquares()


class BrightSquares:
    """The network."""

    class_names, runtime, batch, callers, classes = NAMES, "fake", 1, 2, CLASSES

    def input_size(self, width, height, sample_aspect):
        return width, height

    def segment(self, frames):
        return [self._segment(frame) for frame in frames]

    def segment_with_classes(self, frames):
        """Sky over road, a car where something is bright, and a dot in the sky's corner in every 5th frame."""
        found = []
        for frame in frames:
            detections, bright = self._segment(frame), frame[::2, ::2, 0] > 128
            classes = np.where(np.arange(len(bright))[:, None] < len(bright) // 2, 0, 1) + 0 * bright
            classes[bright] = 2
            classes[:3, :3] = (frame_number(detections) or 0) % 5 == 0
            found.append((detections, classes.astype(np.uint8)))
        return found

    def _segment(self, picture) -> Detections:
        if begun := os.environ.get("FAKE_BEGUN"):
            Path(begun).write_text("\n", encoding="ascii")
        time.sleep(float(os.environ.get("FAKE_DELAY", "0")))
        found = bright_squares(picture)
        if str(frame_number(found)) in os.environ.get("FAKE_FAIL", "").split(","):
            raise ArithmeticError("the network is not in the mood")
        if frame_number(found) == 12 and (stuck := os.environ.get("FAKE_STUCK")):
            _wait_to_be_killed(Path(stuck))
        return found


def _wait_to_be_killed(note: Path) -> None:
    """Do nothing for two minutes, unless another has written the note and was killed."""
    try:
        with note.open("x") as file:
            file.write(f"{os.getpid()}\n")
    except FileExistsError:
        return
    time.sleep(120)


def frame_number(found: Detections) -> int | None:
    """Number of the frame by where the car is: it drives to the right by 2 px a frame."""
    cars = found.boxes[found.class_ids == 3]
    return round((float(cars[0, 0]) - 4) / 2) if len(cars) else None


def bright_squares(picture) -> Detections:
    bright = (picture[..., 0] > 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
    boxes = [
        [left, top, left + width, top + height] for left, top, width, height, area in stats[1:] if area > 50
    ]
    large = [box[2] - box[0] > 24 for box in boxes]
    order = np.argsort([not is_large for is_large in large], kind="stable")
    rows = len(boxes)
    return Detections(
        boxes=np.array(boxes, np.float32).reshape(rows, 4)[order],
        scores=np.array([0.9 if is_large else 0.6 for is_large in large], np.float32)[order],
        class_ids=np.array([3 if is_large else 1 for is_large in large], np.int32)[order],
        roi_masks=np.full((rows, 28, 28), 255, np.uint8),
    )
