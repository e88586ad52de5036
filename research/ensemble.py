"""The ensemble: the network that ships looks at a frame four times, and only what it sees each time is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.training.placement import Placement, centred_placement, placed_pixels
from research.boxes import overlap

#: Boxes of two looks that overlap more are of one object, whatever each look calls it.
_SAME = 0.4
#: Enlarged looks show this share of the frame's sides.
_PART = 0.65


class Segmenter(Protocol):
    """A network that looks: gives detections of each frame of uint8 RGB [B, H, W, 3]."""

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame."""
        ...


@dataclass(frozen=True)
class Suspect:
    """A place where at least one look sees something.

    box : float32 [4] px of the frame.
    category : what the surest look calls it.
    best : that look's score.
    mean : over the looks that show the whole box, with 0 for those that see nothing there.
    """

    box: NDArray[np.float32]
    category: int
    best: float
    mean: float


class Ensemble:
    """Suspects of frames.

    Parameters
    ----------
    segmenter : the network, with a low least score.
    canvas : its own height and width in px, so that frames of all sizes share one program.

    """

    def __init__(self, segmenter: Segmenter, canvas: tuple[int, int]) -> None:
        self.segmenter, self.canvas = segmenter, canvas

    def __call__(self, frame: NDArray[np.uint8]) -> list[Suspect]:
        """Places of a frame uint8 RGB [H, W, 3] where something is seen, surest first."""
        looks = self._looks((frame.shape[0], frame.shape[1]))
        views = np.stack([placed_pixels(frame, look) for look in looks])
        found = [_in_frame(one, look) for one, look in zip(self.segmenter.segment(views), looks, strict=True)]
        return suspects([(window(look), rows) for look, rows in zip(looks, found, strict=True)])

    def _looks(self, size: tuple[int, int]) -> list[Placement]:
        """The whole frame, the same mirrored, and its middle rows' left and right part enlarged."""
        whole = centred_placement(size, self.canvas)
        mirrored = Placement(whole.canvas, whole.scale_x, whole.scale_y, whole.left, whole.top, True)
        scale = whole.scale_x / _PART
        top = round((size[0] * scale - self.canvas[0]) / 2)
        right = round(size[1] * scale) - self.canvas[1]
        near = [
            Placement(self.canvas, scale, scale, left, top, False) for left in (min(right, 0), max(right, 0))
        ]
        return [whole, mirrored, *near]


#: Box, category and score of what a look sees.
Seen = tuple[NDArray[np.float32], int, float]


def window(look: Placement) -> NDArray[np.float32]:
    """The part of the frame float32 [4] that a look shows, px."""
    height, width = look.canvas
    corners = np.array([look.left, look.top, look.left + width, look.top + height], np.float32)
    return (corners / [look.scale_x, look.scale_y, look.scale_x, look.scale_y]).astype(np.float32)


def suspects(looks: Sequence[tuple[NDArray[np.float32], Sequence[Seen]]]) -> list[Suspect]:
    """Places, surest first, of what the looks see; each look is its window and what is seen in it."""
    every = sorted((one for _, seen in looks for one in seen), key=lambda seen: -seen[2])
    places: list[Seen] = []
    for one in every:
        if all(overlap(one[0], other[0]) < _SAME for other in places):
            places.append(one)
    return [Suspect(box, category, best, _mean(box, looks)) for box, category, best in places]


def _mean(box: NDArray[np.float32], looks: Sequence[tuple[NDArray[np.float32], Sequence[Seen]]]) -> float:
    scores = [
        max((score for other, _, score in seen if overlap(box, other) >= _SAME), default=0.0)
        for shown, seen in looks
        if np.all(box[:2] >= shown[:2] - 1) and np.all(box[2:] <= shown[2:] + 1)
    ]
    return float(np.mean(scores)) if scores else 0.0


def _in_frame(found: Detections, look: Placement) -> list[Seen]:
    """The objects that a look finds, in px of the frame."""
    boxes: NDArray[Any] = np.array(found.boxes, np.float32)
    if look.flip:
        boxes = np.stack(
            [look.canvas[1] - boxes[:, 2], boxes[:, 1], look.canvas[1] - boxes[:, 0], boxes[:, 3]], axis=1
        )
    boxes = (boxes + np.array([look.left, look.top] * 2)) / np.array([look.scale_x, look.scale_y] * 2)
    rows = zip(boxes.astype(np.float32), found.class_ids, found.scores, strict=True)
    return [(box, int(category), float(score)) for box, category, score in rows]
