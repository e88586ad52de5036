"""A frame and its tracks -> the frame with each track painted over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.render.blend import OPAQUE, blend
from pipeline.render.label import label_alpha
from pipeline.render.palette import colour_of, ink_on
from pipeline.render.placement import place_label
from pipeline.render.settings import RenderSettings
from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.structures.yuv_frame import YuvFrame

_PLATE = round(0.85 * OPAQUE)
# Heights in px for one px of a line, and of small and large capitals: readable from 360 rows to 2160.
_LINE_ROWS, _SMALL_ROWS, _LARGE_ROWS, _LEAST_CAPITALS = 480, 80, 60, 9


class Overlay:
    """Paints tracks over frames, as the settings say.

    Raises ConfigError for a class that the network does not know.
    """

    def __init__(self, settings: RenderSettings, class_names: Mapping[int, str]) -> None:
        self._settings, self._names = settings, class_names
        self._classes = class_ids_of(settings.classes, class_names)
        self._fill = round(settings.alpha * OPAQUE) if "masks" in settings.style else 0

    def paint(self, frame: YuvFrame, tracks: Tracks) -> YuvFrame:
        """A painted copy of the frame; what lies under no mask, line or label keeps its numbers."""
        painted = replace(frame, y=frame.y.copy(), u=frame.u.copy(), v=frame.v.copy())
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

    def _paint_object(self, frame: YuvFrame, tracks: Tracks, row: int) -> None:
        """Lay mask, outline and box over the frame at once: they have one colour."""
        box = tracks.detections.boxes[row]
        mask = paste_mask(tracks.detections.roi_masks[row], box, frame.height, frame.width)
        if not mask.pixels.size:
            return
        # A far object is more than its edge: its lines are thinner.
        line = max(min(round(frame.height / _LINE_ROWS), min(mask.pixels.shape) // 16), 1)
        pixels = mask.pixels.view(np.uint8)
        alpha = np.multiply(pixels, self._fill, dtype=np.uint16)
        if "outlines" in self._settings.style:
            alpha[(pixels - _inner(pixels, line)).view(np.bool_)] = OPAQUE
        if "boxes" in self._settings.style:
            _edge(alpha, line, [box[1] >= 0, box[3] <= frame.height, box[0] >= 0, box[2] <= frame.width])
        blend(frame, mask.left, mask.top, alpha, yuv_colour(self._colour(tracks, row), frame))

    def _paint_labels(self, frame: YuvFrame, tracks: Tracks) -> None:
        boxes, taken = tracks.detections.boxes, np.zeros((0, 4))
        for row in reversed(range(len(tracks))):  # near ones choose their place first
            ink = label_alpha(self._text(tracks, row), _capitals_px(frame, boxes[row]))
            place = place_label(boxes[row], ink.shape, (frame.height, frame.width), taken, boxes)
            if place is None:
                continue
            left, top = place
            taken = np.append(taken, [[left, top, left + ink.shape[1], top + ink.shape[0]]], axis=0)
            rgb = self._colour(tracks, row)
            blend(frame, left, top, np.full_like(ink, _PLATE), yuv_colour(rgb, frame))
            blend(frame, left, top, ink, yuv_colour(ink_on(rgb), frame))

    def _text(self, tracks: Tracks, row: int) -> str:
        name = self._names[int(tracks.class_ids[row])]
        return f"{name} {tracks.detections.scores[row]:.2f} #{tracks.track_ids[row]}"


def _capitals_px(frame: YuvFrame, box: NDArray[np.float32]) -> int:
    """Height of a label's capitals: a third of its box, within what the frame's height allows."""
    least, most = (max(round(frame.height / rows), _LEAST_CAPITALS) for rows in (_SMALL_ROWS, _LARGE_ROWS))
    return min(max(int(box[3] - box[1]) // 3, least), most)


def _edge(alpha: NDArray[np.uint16], line: int, sides: Sequence[np.bool_]) -> None:
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


def class_ids_of(classes: tuple[str | int, ...], names: Mapping[int, str]) -> list[int]:
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
