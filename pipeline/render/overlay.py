"""A frame and its tracks -> the frame with each track painted over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.render.blend import OPAQUE, blend
from pipeline.render.label import label_alpha
from pipeline.render.palette import BLACK, COLOURS, WHITE, colour_of, ink_on
from pipeline.render.placement import place_label
from pipeline.render.settings import RenderSettings
from pipeline.render.yuv import Planes, YuvFormat
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks

_PLATE = round(0.85 * OPAQUE)
# Heights in px for one px of a line, and of small and large capitals: readable from 360 rows to 2160.
_LINE_ROWS, _SMALL_ROWS, _LARGE_ROWS, _LEAST_CAPITALS = 480, 80, 60, 9


class Overlay:
    """Paints tracks over frames of one height and format, as the settings say.

    Raises ConfigError for a class that the network does not know.
    """

    def __init__(
        self, settings: RenderSettings, yuv_format: YuvFormat, class_names: Mapping[int, str], height: int
    ) -> None:
        self._settings, self._names = settings, class_names
        self._classes = _class_ids(settings.classes, class_names)
        self._inks = {rgb: yuv_format.colour(rgb) for rgb in (*COLOURS, BLACK, WHITE)}
        self._fill = round(settings.alpha * OPAQUE) if "masks" in settings.style else 0
        self._line_px = max(round(height / _LINE_ROWS), 1)
        self._small_px = max(round(height / _SMALL_ROWS), _LEAST_CAPITALS)
        self._large_px = max(round(height / _LARGE_ROWS), _LEAST_CAPITALS)

    def paint(self, planes: Planes, tracks: Tracks) -> Planes:
        """A painted copy of the frame; what lies under no mask, line or label keeps its numbers."""
        painted = Planes(*(plane.copy() for plane in planes))
        shown = self._shown(tracks)
        if self._settings.style != ("labels",):
            for row in range(len(shown)):
                self._paint_object(painted, shown, row)
        if "labels" in self._settings.style:
            self._paint_labels(painted, shown)
        return painted

    def _shown(self, tracks: Tracks) -> Tracks:
        """The tracks that are painted, far ones first: what stands lower in the picture is nearer."""
        kept = (tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= self._settings.conf)
        kept &= np.isin(tracks.class_ids, self._classes)
        rows = np.flatnonzero(kept)
        return tracks[rows[np.lexsort((tracks.track_ids[rows], tracks.detections.boxes[rows, 3]))]]

    def _colour(self, tracks: Tracks, row: int) -> tuple[int, int, int]:
        column = tracks.track_ids if self._settings.color_by == "track" else tracks.class_ids
        return colour_of(int(column[row]))

    def _paint_object(self, planes: Planes, tracks: Tracks, row: int) -> None:
        """Lay mask, outline and box over the frame at once: they have one colour."""
        height, width = planes.y.shape
        box = tracks.detections.boxes[row]
        mask = paste_mask(tracks.detections.roi_masks[row], box, height, width)
        if not mask.pixels.size:
            return
        line = min(max(min(mask.pixels.shape) // 16, 1), self._line_px)  # a far object is more than its edge
        pixels = mask.pixels.view(np.uint8)
        alpha = np.multiply(pixels, self._fill, dtype=np.uint16)
        if "outlines" in self._settings.style:
            alpha[(pixels - _inner(pixels, line)).view(np.bool_)] = OPAQUE
        if "boxes" in self._settings.style:
            _frame(alpha, line, [box[1] >= 0, box[3] <= height, box[0] >= 0, box[2] <= width])
        blend(planes, mask.left, mask.top, alpha, self._inks[self._colour(tracks, row)])

    def _paint_labels(self, planes: Planes, tracks: Tracks) -> None:
        boxes, taken = tracks.detections.boxes, np.zeros((0, 4))
        for row in reversed(range(len(tracks))):  # near ones choose their place first
            box_px = int(boxes[row, 3] - boxes[row, 1])
            ink = label_alpha(self._text(tracks, row), min(max(box_px // 3, self._small_px), self._large_px))
            place = place_label(boxes[row], ink.shape, planes.y.shape, taken, boxes)
            if place is None:
                continue
            left, top = place
            taken = np.append(taken, [[left, top, left + ink.shape[1], top + ink.shape[0]]], axis=0)
            rgb = self._colour(tracks, row)
            blend(planes, left, top, np.full_like(ink, _PLATE), self._inks[rgb])
            blend(planes, left, top, ink, self._inks[ink_on(rgb)])

    def _text(self, tracks: Tracks, row: int) -> str:
        name = self._names[int(tracks.class_ids[row])]
        return f"{name} {tracks.detections.scores[row]:.2f} #{tracks.track_ids[row]}"


def _frame(alpha: NDArray[np.uint16], line: int, sides: Sequence[np.bool_]) -> None:
    """Draw those sides (upper, lower, left, right) of the box that lie in the frame on alpha's own edges."""
    strips = (alpha[:line], alpha[-line:], alpha[:, :line], alpha[:, -line:])
    for inside, strip in zip(sides, strips, strict=True):
        if inside:
            strip[...] = OPAQUE


def _inner(pixels: NDArray[np.uint8], line_px: int) -> NDArray[np.uint8]:
    """The mask without the `line_px` pixels along its edge; beyond its box there is no mask."""
    kernel = np.ones((3, 3), np.uint8)
    inner = cv2.erode(pixels, kernel, iterations=line_px, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(inner, np.uint8)


def _class_ids(classes: tuple[str | int, ...], names: Mapping[int, str]) -> list[int]:
    """Ids of the classes to show; of all where none is asked for."""
    wanted = {str(entry) for entry in classes}
    unknown = sorted(wanted - {str(class_id) for class_id in names} - set(names.values()))
    if unknown:
        near = get_close_matches(unknown[0], names.values(), n=1)
        raise ConfigError(
            "classes names a class that the model does not know.",
            found=", ".join(unknown),
            do=(f"did you mean {near[0]}? " if near else "") + f"it knows {', '.join(names.values())}",
        )
    return [key for key, name in names.items() if not wanted or str(key) in wanted or name in wanted]
