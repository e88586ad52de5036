"""A sheet of the worst mistakes, as pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.mistakes import Mistake, false_alarms, misses
from pipeline.labels.read_pixels import read_pixels
from pipeline.labels.truth import Runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 6
_ROWS = 2  # of each kind

#: R, G, B: labels, detections, and what the tile is about.
_TRUE, _FOUND, _SUBJECT = (90, 220, 90), (255, 170, 40), (255, 40, 90)

_TILE = 300  # px


def draw_mistakes(evaluation: Evaluation, stream: BinaryIO) -> None:
    """Write a PNG: above, the surest detections on nothing; below, the largest objects that are not found.

    Only pictures whose file is at hand are shown.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.4 * _COLUMNS, 3.05 * 2 * _ROWS), layout="constrained")
    halves: Any = figure.subfigures(2, 1)
    conf = evaluation.settings.conf
    for part, title, mistakes in (
        (halves[0], "found, and not there", false_alarms(evaluation, _COLUMNS * _ROWS)),
        (halves[1], f"there, and not found at {conf:g}", misses(evaluation, _COLUMNS * _ROWS)),
    ):
        part.suptitle(f"{title} (green: labels, orange: detections, red: what it is about)", fontsize=11)
        for axes, mistake in _tiles(part.subplots(_ROWS, _COLUMNS, squeeze=False).flat, mistakes):
            axes.imshow(tile(evaluation, mistake))
            axes.set_title(_caption(evaluation, mistake), fontsize=8)
    figure.savefig(stream, format="png", dpi=110)


def tile(evaluation: Evaluation, mistake: Mistake) -> NDArray[np.uint8]:
    """uint8 RGB [300, 300, 3]: the surroundings of a mistake, with outlines."""
    picture, found = evaluation.truth.pictures[mistake.picture], evaluation.found[mistake.picture]
    window = _window(mistake.box, (picture.height, picture.width))
    canvas = _cut(read_pixels(picture), window, cv2.INTER_LINEAR)
    strong = found.scores >= evaluation.settings.conf
    for row, one in enumerate(picture.objects):
        if one.runs is not None:
            _outline(canvas, one.runs, window, _colour(mistake, not mistake.is_false_alarm, row, _TRUE))
    for row, runs in enumerate(found.runs):
        colour = _colour(mistake, mistake.is_false_alarm, row, _FOUND)
        if strong[row] or colour == _SUBJECT:
            _outline(canvas, runs, window, colour)
    return canvas


def _tiles(axes: Iterator[Axes], mistakes: Sequence[Mistake]) -> Iterator[tuple[Axes, Mistake]]:
    places = list(axes)
    for place in places:
        place.set_axis_off()
    return zip(places, mistakes, strict=False)


def _caption(evaluation: Evaluation, mistake: Mistake) -> str:
    picture = evaluation.truth.pictures[mistake.picture]
    width, height = mistake.box[2] - mistake.box[0], mistake.box[3] - mistake.box[1]
    score = "missed" if mistake.score is None else f"{mistake.score:.2f}"
    name = picture.name if len(picture.name) <= 30 else f"...{picture.name[-27:]}"
    # A line each, so that what is written over one tile does not run into the next one's.
    return (
        f"{mistake.class_name} {score}\n{width:.0f}x{height:.0f} px, best IoU {mistake.overlap:.2f}\n{name}"
    )


def _colour(mistake: Mistake, own_kind: bool, row: int, other: tuple[int, int, int]) -> tuple[int, int, int]:
    return _SUBJECT if own_kind and row == mistake.row else other


def _window(box: NDArray[np.float64], size: tuple[int, int]) -> tuple[int, int, int]:
    """Left, top and side in px of a square around a box, inside the picture as far as it fits."""
    height, width = size
    side = int(min(max(2.0 * max(box[2] - box[0], box[3] - box[1]), 64.0), max(height, width)))
    left = int(np.clip((box[0] + box[2] - side) / 2, 0, max(width - side, 0)))
    top = int(np.clip((box[1] + box[3] - side) / 2, 0, max(height - side, 0)))
    return left, top, side


def _cut(plane: NDArray[np.uint8], window: tuple[int, int, int], way: int) -> NDArray[np.uint8]:
    """The window of a picture [H, W] or [H, W, 3], at the tile's size; black beyond the picture's edge."""
    left, top, side = window
    square = np.zeros((side, side, *plane.shape[2:]), np.uint8)
    part = plane[top : top + side, left : left + side]
    square[: part.shape[0], : part.shape[1]] = part
    return np.asarray(cv2.resize(square, (_TILE, _TILE), interpolation=way), np.uint8)


def _outline(
    canvas: NDArray[np.uint8], runs: Runs, window: tuple[int, int, int], colour: tuple[int, int, int]
) -> None:
    mask = _cut(coco.decode(runs), window, cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(canvas, contours, -1, colour, 3 if colour == _SUBJECT else 1, cv2.LINE_AA)
