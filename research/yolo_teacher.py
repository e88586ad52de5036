"""The instance teacher: a YOLO11-seg, trained on COCO, looks at a frame as a whole and in square parts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from research.boxes import overlap

#: Category ids of road users and what tells them when to stop, by the network's output.
CATEGORIES = {0: 1, 1: 2, 2: 3, 3: 4, 5: 6, 7: 8, 9: 10, 11: 13}
#: Side of the network's input, and its grey beside a frame that is no square.
_SIDE, _GREY = 640, 114
#: Of its inner outputs: boxes, class scores and mask coefficients of every place, before its own suppression.
_RAW = (1, 116, 8400)
_PROTOTYPES = (1, 160, 160, 32)
#: Boxes that overlap more are one object, seen in two windows or called by two names.
_SAME = 0.55
#: Categories that the teacher takes for each other.
_ALIKE = ({3, 6, 8}, {2, 4})


@dataclass(frozen=True)
class TaughtInstance:
    """A box float32 [4] in px of the frame, its category id, its score, and its pixels bool [H, W] of the frame."""

    box: NDArray[np.float32]
    category: int
    score: float
    mask: NDArray[np.bool_]


class YoloTeacher:
    """Instances of frames; needs ai-edge-litert, of the extra `teachers`.

    Parameters
    ----------
    path : yolo11n-seg_int8.tflite, which takes 640x640 px and keeps its inner outputs.
    least_score : of an instance that is returned.

    Raises WeightsError where the file cannot be used.

    """

    def __init__(self, path: Path, least_score: float = 0.05) -> None:
        from ai_edge_litert.interpreter import Interpreter

        try:
            # Its own suppression cuts at 0.25; what lies below is among the inner outputs.
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=r"(?s).*experimental_preserve_all_tensors.*memory")
                self._network: Any = Interpreter(
                    str(path), num_threads=2, experimental_preserve_all_tensors=True
                )
            self._network.allocate_tensors()
            self._input = self._network.get_input_details()[0]["index"]
            tensors = self._network.get_tensor_details()
            self._raw = next(one["index"] for one in reversed(tensors) if tuple(one["shape"]) == _RAW)
            outputs = self._network.get_output_details()
            self._prototypes = next(one["index"] for one in outputs if tuple(one["shape"]) == _PROTOTYPES)
        except (ValueError, RuntimeError, StopIteration) as damage:
            raise WeightsError(
                f"{path} cannot be used as an instance teacher.", found=repr(damage)
            ) from damage
        self.least_score = least_score

    def __call__(self, frame: NDArray[np.uint8]) -> list[TaughtInstance]:
        """Instances of a frame uint8 RGB [H, W, 3], best first."""
        height, width = frame.shape[:2]
        found = self._look(frame, 0, frame)
        if width > 1.2 * height:  # a letterboxed wide frame wastes half of the network's pixels
            for left in square_windows(height, width):
                found += self._look(frame[:, left : left + height], left, frame)
        return distinct(found)

    def _look(self, part: NDArray[np.uint8], left: int, frame: NDArray[np.uint8]) -> list[TaughtInstance]:
        """Instances of one window that begins at x = `left` of the frame."""
        scale = _SIDE / max(part.shape[:2])
        size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
        corner = ((_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2)
        canvas = np.full((_SIDE, _SIDE, 3), _GREY, np.uint8)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        canvas[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]] = cv2.resize(
            part, size, interpolation=how
        )
        self._network.set_tensor(self._input, canvas[None].astype(np.float32) / 255.0)
        self._network.invoke()
        raw = self._network.get_tensor(self._raw)[0].T.copy()
        raw[:, :4] *= _SIDE  # its boxes are parts of the side
        prototypes = self._network.get_tensor(self._prototypes)[0]
        found = []
        for row in _kept(raw, self.least_score):
            category = CATEGORIES[int(row[4:84].argmax())]
            inside = _window_mask(row, prototypes, corner, size, part.shape[:2])
            box = ((row[:4] - [*corner, *corner]) / scale).astype(np.float32)
            box = np.clip(box, 0, [part.shape[1], part.shape[0]] * 2).astype(np.float32)
            if not inside.any() or not is_whole(box, left, part.shape[1], frame.shape[1]):
                continue
            mask = np.zeros(frame.shape[:2], bool)
            mask[:, left : left + part.shape[1]] = inside
            shift = np.array([left, 0, left, 0], np.float32)
            found.append(TaughtInstance(box + shift, category, float(row[4:84].max()), mask))
        return found


def square_windows(height: int, width: int) -> list[int]:
    """Left edges of squares of the frame's height that cover it, overlapping by a third or more."""
    count = int(np.ceil((width - height) / (0.67 * height))) + 1
    return [round(place) for place in np.linspace(0, width - height, count)]


def distinct(found: Sequence[TaughtInstance]) -> list[TaughtInstance]:
    """The best of each object, best first: greedy suppression among categories that are taken for each other."""
    kept: list[TaughtInstance] = []
    for one in sorted(found, key=lambda taught: -taught.score):
        rivals = (other for other in kept if alike(one.category, other.category))
        if all(overlap(one.box, other.box) < _SAME for other in rivals):
            kept.append(one)
    return kept


def alike(one: int, other: int) -> bool:
    """True where two categories are the same, or are taken for each other."""
    return one == other or any({one, other} <= group for group in _ALIKE)


def _kept(raw: NDArray[np.float32], least_score: float) -> list[NDArray[np.float32]]:
    """Rows [116] of road users that score enough, best first, one an object; boxes x1, y1, x2, y2 in px."""
    best = raw[:, 4:84].argmax(axis=1)
    score = raw[:, 4:84].max(axis=1)
    known = np.isin(best, list(CATEGORIES)) & (score >= least_score)
    rows, classes = raw[known], best[known]
    kept: list[int] = []
    for place in np.argsort(-score[known], kind="stable"):
        rivals = (one for one in kept if classes[one] == classes[place])
        if all(overlap(rows[one, :4], rows[place, :4]) < _SAME for one in rivals):
            kept.append(int(place))
    return [rows[place] for place in kept]


def _window_mask(
    row: NDArray[np.float32],
    prototypes: NDArray[np.float32],
    corner: tuple[int, int],
    size: tuple[int, int],
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Pixels bool [h, w] of a window of `shape` that belong to the object, cut to its box."""
    logits = np.asarray(prototypes @ row[84:], np.float32)
    whole = cv2.resize(logits, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR)
    inside = np.zeros((_SIDE, _SIDE), np.float32)
    x1, y1 = np.maximum(np.floor(row[:2]), 0).astype(int)
    x2, y2 = np.ceil(row[2:4]).astype(int)
    inside[y1:y2, x1:x2] = whole[y1:y2, x1:x2] > 0
    inside = inside[corner[1] : corner[1] + size[1], corner[0] : corner[0] + size[0]]
    return cv2.resize(inside, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR) > 0.5


def is_whole(box: NDArray[np.float32], left: int, side: int, width: int) -> bool:
    """True unless a side of the box, in px of its window, lies on an edge of the window that is not the frame's."""
    cut_left, cut_right = box[0] <= 2 and left > 0, box[2] >= side - 2 and left + side < width
    return not (cut_left or cut_right)
