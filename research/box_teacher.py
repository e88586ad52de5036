"""The box teacher: NanoDet-m, a detector trained on COCO, looks at a frame as a whole and in square parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError

#: Category ids of road users and what tells them when to stop, by the network's output.
CATEGORIES = {0: 1, 1: 2, 2: 3, 3: 4, 5: 6, 7: 8, 9: 10, 11: 13}
_SIDE, _STRIDES, _BINS = 416, (8, 16, 32), 8
_MEAN, _DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)
#: Boxes that overlap more are one object, seen in two windows or called by two names.
_SAME = 0.5
#: Categories that the teacher takes for each other: car, bus, truck.
_ALIKE = frozenset({3, 6, 8})


@dataclass(frozen=True)
class TaughtBox:
    """A box float32 [4] in px of the frame, its category id and the teacher's score."""

    box: NDArray[np.float32]
    category: int
    score: float


class BoxTeacher:
    """Boxes of frames; needs onnxruntime, of the extra `teachers`.

    Parameters
    ----------
    path : nanodet_m.onnx.
    least_score : of a box that is believed.

    Raises WeightsError where the file cannot be used.

    """

    def __init__(self, path: Path, least_score: float = 0.45) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # it warns of every array that could be a constant
        options.intra_op_num_threads = 2
        try:
            self._session = onnxruntime.InferenceSession(str(path), options)
        # Its errors derive from Exception alone; the cause goes into the message.
        except Exception as damage:
            raise WeightsError(f"{path} cannot be used as a box teacher", found=str(damage)) from damage
        self.least_score = least_score

    def __call__(self, frame: NDArray[np.uint8]) -> list[TaughtBox]:
        """Boxes of a frame uint8 RGB [H, W, 3], best first."""
        height, width = frame.shape[:2]
        found = self._look(frame, 0)
        if width > 1.3 * height:  # a letterboxed wide frame wastes half of the network's pixels
            for left in square_windows(height, width):
                inside = self._look(frame[:, left : left + height], left)
                found += [one for one in inside if _is_whole(one.box, left, height, width)]
        return distinct(found)

    def _look(self, part: NDArray[np.uint8], left: int) -> list[TaughtBox]:
        """Boxes of one window that begins at x = `left` of the frame."""
        scale = _SIDE / max(part.shape[:2])
        size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
        canvas = np.zeros((_SIDE, _SIDE, 3), np.float32)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        canvas[: size[1], : size[0]] = (small[..., ::-1] - np.array(_MEAN)) / np.array(_DEVIATION)
        outputs = self._session.run(None, {"input.1": canvas.transpose(2, 0, 1)[None]})
        boxes, scores = decode(outputs)
        found = []
        for box, row in zip(boxes, scores, strict=True):
            output = int(row.argmax())
            if output in CATEGORIES and row[output] >= self.least_score:
                corners = (box / scale + [left, 0, left, 0]).astype(np.float32)
                limit = [left + part.shape[1], part.shape[0]] * 2
                corners = np.clip(corners, [left, 0, left, 0], limit).astype(np.float32)
                found.append(TaughtBox(corners, CATEGORIES[output], float(row[output])))
        return found


def square_windows(height: int, width: int) -> list[int]:
    """Left edges of squares of the frame's height that cover it, overlapping by a third or more."""
    count = int(np.ceil((width - height) / (0.67 * height))) + 1
    return [round(place) for place in np.linspace(0, width - height, count)]


def decode(outputs: list[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes [N, 4] and class scores [N, 80] of the network's outputs: scores a stride, then distances a stride.

    A side's distance is the mean of a distribution over whole strides 0..7 (Li et al. 2020, equation 6).
    """
    boxes = []
    for stride, logits in zip(_STRIDES, outputs[3:], strict=True):
        cells = np.arange(_SIDE // stride) * stride + 0.5 * (stride - 1)
        x, y = (axis.ravel() for axis in np.meshgrid(cells, cells))
        bins = logits[0].reshape(-1, 4, _BINS)
        weights = np.exp(bins - bins.max(axis=-1, keepdims=True))
        distance = (weights / weights.sum(axis=-1, keepdims=True)) @ np.arange(_BINS) * stride
        sides = [x - distance[:, 0], y - distance[:, 1], x + distance[:, 2], y + distance[:, 3]]
        boxes.append(np.stack(sides, axis=-1))
    return np.concatenate(boxes).astype(np.float32), np.concatenate([one[0] for one in outputs[:3]])


def distinct(found: list[TaughtBox]) -> list[TaughtBox]:
    """The best box of each object, best first: greedy non-maximum suppression among classes that look alike."""
    kept: list[TaughtBox] = []
    for one in sorted(found, key=lambda taught: -taught.score):
        rivals = _ALIKE if one.category in _ALIKE else {one.category}
        if all(other.category not in rivals or overlap(one.box, other.box) < _SAME for other in kept):
            kept.append(one)
    return kept


def overlap(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Intersection over union of two boxes [4]."""
    sides = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    common = float(np.prod(np.maximum(sides, 0)))
    return common / max(float(np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2])) - common, 1e-6)


def _is_whole(box: NDArray[np.float32], left: int, side: int, width: int) -> bool:
    """Whether no side of the box lies on an edge of its window that is not the frame's."""
    cut_left, cut_right = box[0] <= left + 2 and left > 0, box[2] >= left + side - 2 and left + side < width
    return not (cut_left or cut_right)
