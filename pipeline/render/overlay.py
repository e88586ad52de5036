"""Overlay: paints each track of a frame, and its label, over the frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.asked_classes import asked_numbers
from pipeline.render.blend import OPAQUE, blend
from pipeline.render.class_colours import tint_classes
from pipeline.render.frame_labels import NOWHERE, FrameLabels
from pipeline.render.label import label_text
from pipeline.render.mask_edge import EDGE_STEP, STEPS_A_PX, MaskEdge, mask_edges
from pipeline.render.palette import COLOURS
from pipeline.render.plate import capitals_px, paint_plate, plate_size
from pipeline.render.settings import RenderSettings
from pipeline.render.shown import ShownTracks
from pipeline.render.yuv_colour import YuvColour, yuv_colour
from pipeline.structures.class_map import ClassMap
from pipeline.structures.colour import Rgb
from pipeline.structures.panoptic import stuff_classes
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks
from pipeline.structures.yuv_frame import YuvFrame

#: Lines in px for a picture of 720 rows, of the smallest and of the largest objects, and the object's size
#: that has a pixel more of line.
_ROWS, _THIN, _THICK, _SIZE = 720, 1.1, 2.6, 90
_BOX_ROWS = 480
#: Of each step of a nearer mask's depth: all bits outside it, none inside.
_FREE = np.where(np.arange(256) > EDGE_STEP, 0, 255).astype(np.uint8)


class Layer(NamedTuple):
    """A colour laid over a part of the picture: alpha[i, j], 0..OPAQUE, of frame pixel (top + i, left + j)."""

    left: int
    top: int
    alpha: NDArray[np.uint8]


class _Plate(NamedTuple):
    left: int
    top: int
    text: str
    rgb: Rgb


class Overlay:
    """Paints tracks and class maps over frames, as the settings say.

    classes : of the class maps, for the views that show them. Raises ConfigError for a class that the network does
    not know.
    """

    def __init__(
        self, settings: RenderSettings, class_names: Mapping[int, str], classes: PixelClasses | None = None
    ) -> None:
        self._settings, self._names, self._classes = settings, class_names, classes
        self._tinted = () if classes is None else tinted_classes(settings, class_names, classes)
        self._shown = ShownTracks(settings, class_names)
        self._fill = settings.alpha if "masks" in settings.style else 0.0

    def paint(
        self, frame: YuvFrame, tracks: Tracks, labels: FrameLabels, class_map: ClassMap | None = None
    ) -> YuvFrame:
        """A painted copy of the frame; what lies under no class, mask, line or label keeps its numbers.

        labels : the planner's for this frame and these settings. Raises ValueError for those of another.
        """
        own = replace(frame, y=frame.y.copy(), u=frame.u.copy(), v=frame.v.copy())
        return self.paint_over(own, tracks, labels, class_map)

    def paint_rgb(
        self, rgb: NDArray[Any], tracks: Tracks, labels: FrameLabels, class_map: ClassMap | None = None
    ) -> NDArray[Any]:
        """The same of a picture, uint8 or uint16 RGB [H, W, 3]."""
        channels: Any = cv2.split(rgb)  # NumPy takes two to three times as long for that, and for the merge
        red, green, blue = channels
        frame = YuvFrame(green, blue, red, 8 * rgb.dtype.itemsize, True, "gbr")
        self.paint_over(frame, tracks, labels, class_map)
        return cv2.merge(channels)

    def paint_over(
        self, frame: YuvFrame, tracks: Tracks, labels: FrameLabels, class_map: ClassMap | None = None
    ) -> YuvFrame:
        """The frame itself, painted as `paint` does it."""
        if class_map is not None and self._classes is not None:
            tint_classes(frame, class_map, self._classes, self._settings.alpha, self._tinted)
        if self._settings.view == "semantic":
            return frame
        shown, size = self.in_order(tracks, labels), (frame.height, frame.width)
        for layers in (self.object_layers(shown, *size), self._leaders(labels, *size)):
            for row, layer in layers:
                blend(frame, *layer, _in_planes(COLOURS[labels.colours[row]], frame))
        capitals = capitals_px(frame.height)
        for left, top, text, rgb in self._plates(shown, labels, size):
            paint_plate(frame, left, top, text, capitals, rgb)
        return frame

    def in_order(self, tracks: Tracks, labels: FrameLabels) -> Tracks:
        """The tracks that are painted, each in the row that it has in the labels: far ones first."""
        rows = self._shown.rows(tracks)
        row_of = dict(zip(tracks.track_ids[rows].tolist(), rows.tolist(), strict=True))
        wanted = labels.track_ids.tolist()
        if sorted(wanted) != sorted(row_of):
            raise ValueError(f"labels: expected those of the tracks {sorted(row_of)}, found {sorted(wanted)}")
        return tracks[np.array([row_of[key] for key in wanted], np.intp)]

    def object_layers(self, tracks: Tracks, height: int, width: int) -> Iterator[tuple[int, Layer]]:
        """Row and layer of each object, far ones first: mask, outline and box at once, as they have one colour.

        A pixel has the colour of one object: a mask ends where a nearer one begins.

        tracks : far ones first.
        """
        if self._settings.style == ("labels",):
            return
        boxes = tracks.detections.boxes
        edges = mask_edges(tracks.detections.roi_masks, boxes, height, width)
        for row, (edge, box) in enumerate(zip(edges, boxes.tolist(), strict=True)):
            if not edge.depth.size:
                continue
            line = _line_px(box, height) if "outlines" in self._settings.style else 0.0
            alpha = np.asarray(cv2.LUT(edge.depth, _profile(line, self._fill)), np.uint8)
            _cut_out(alpha, edge, edges[row + 1 :])
            if "boxes" in self._settings.style:
                _draw_box(alpha, edge, box, (height, width))
            yield row, Layer(edge.left, edge.top, alpha)

    def _leaders(self, labels: FrameLabels, height: int, width: int) -> Iterator[tuple[int, Layer]]:
        """Row of the labels and layer of each leader: a line with a dot on the object."""
        line = max(round(height / _ROWS), 1)
        for row in np.flatnonzero(labels.leaders[:, 0] != NOWHERE):
            x1, y1, x2, y2 = labels.leaders[row].tolist()
            dot = 2 * line
            left, top = max(min(x1, x2) - dot - 1, 0), max(min(y1, y2) - dot - 1, 0)
            bottom, right = min(max(y1, y2) + dot + 2, height), min(max(x1, x2) + dot + 2, width)
            canvas = np.zeros((bottom - top, right - left), np.uint8)
            cv2.line(canvas, (x1 - left, y1 - top), (x2 - left, y2 - top), 255, line, cv2.LINE_AA)
            cv2.circle(canvas, (x2 - left, y2 - top), dot, 255, cv2.FILLED, cv2.LINE_AA)
            yield int(row), Layer(left, top, canvas)

    def _plates(self, tracks: Tracks, labels: FrameLabels, frame: tuple[int, int]) -> Iterator[_Plate]:
        """The labels, those of near objects last."""
        height, width = frame
        for row, (left, top) in enumerate(labels.places.tolist()):
            if left == NOWHERE:
                continue
            score = float(tracks.peak_scores[row]) if self._settings.label_scores else None
            text = label_text(self._names[int(tracks.class_ids[row])], int(tracks.track_ids[row]), score)
            # The score's own digits may be wider than those that were planned with.
            left = min(left, width - plate_size(text, capitals_px(height))[1])
            yield _Plate(left, top, text, COLOURS[labels.colours[row]])


def tinted_classes(
    settings: RenderSettings, class_names: Mapping[int, str], classes: PixelClasses
) -> tuple[int, ...]:
    """Numbers of the pixel classes that are painted; with objects on top those alone that are no objects."""
    stuff = stuff_classes(classes, class_names) if settings.view == "panoptic" else range(len(classes))
    return tuple(asked_numbers(settings.classes, ((number, classes.names[number]) for number in stuff)))


def _in_planes(rgb: Rgb, frame: YuvFrame) -> YuvColour:
    return yuv_colour(rgb, frame.matrix, frame.bit_depth, full_range=frame.full_range)


def _line_px(box: list[float], height: int) -> float:
    """Width of an outline, to a quarter px: a far object is more than its edge, a near one needs to be seen."""
    scale = max(height / _ROWS, 0.7)
    small = min(box[2] - box[0], box[3] - box[1])
    line = min(scale * _THIN + small / _SIZE, scale * _THICK, max(small / 8, 0.75))
    return min(round(4 * line) / 4, (EDGE_STEP - 1) / STEPS_A_PX - 1)


@lru_cache(maxsize=256)
def _profile(line_px: float, fill: float) -> NDArray[np.uint8]:
    """Alpha of each step of depth: the line from the edge inwards, then the fill, with borders a pixel soft."""
    depth = (np.arange(256) - EDGE_STEP) / STEPS_A_PX
    cover, inner = np.clip(depth + 0.5, 0, 1), np.clip(depth - line_px + 0.5, 0, 1)
    return np.asarray(np.rint(OPAQUE * (cover - inner * (1 - fill))), np.uint8)


def _cut_out(alpha: NDArray[np.uint8], edge: MaskEdge, nearer: Sequence[MaskEdge]) -> None:
    """Take from the alpha of a mask's window, in place, what lies behind nearer masks."""
    rows, columns = alpha.shape
    bottom, right = edge.top + rows, edge.left + columns
    for left, top, depth in nearer:
        if (
            top >= bottom
            or left >= right
            or top + len(depth) <= edge.top
            or left + depth.shape[1] <= edge.left
        ):
            continue
        y1, y2 = max(edge.top, top), min(bottom, top + len(depth))
        x1, x2 = max(edge.left, left), min(right, left + depth.shape[1])
        free = cv2.LUT(depth[y1 - top : y2 - top, x1 - left : x2 - left], _FREE)
        own = alpha[y1 - edge.top : y2 - edge.top, x1 - edge.left : x2 - edge.left]
        cv2.bitwise_and(own, free, dst=own)


def _draw_box(alpha: NDArray[np.uint8], edge: MaskEdge, box: list[float], frame: tuple[int, int]) -> None:
    """Draw the sides of the box that lie in the frame."""
    height, width = frame
    line = max(round(height / _BOX_ROWS), 1)
    x1, x2 = (min(max(round(x), 0), width) - edge.left for x in (box[0], box[2]))
    y1, y2 = (min(max(round(y), 0), height) - edge.top for y in (box[1], box[3]))
    sides = (
        (box[1] >= 0, np.s_[y1 : y1 + line, x1:x2]),
        (box[3] <= height, np.s_[max(y2 - line, 0) : y2, x1:x2]),
        (box[0] >= 0, np.s_[y1:y2, x1 : x1 + line]),
        (box[2] <= width, np.s_[y1:y2, max(x2 - line, 0) : x2]),
    )
    for inside, strip in sides:
        if inside:
            alpha[strip] = OPAQUE
