"""The teacher whose labels carry no copyleft: NanoDet-m's boxes, and in each the pixels of DeepLab (both Apache-2.0).

Both were trained on pictures of others (COCO, Pascal VOC), which is all that can be said against them. They see less
than the instance teacher does, and what they disagree about is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from research.agreed_labels import LIKELY
from research.box_masks import LEAST, PIXELS, BoxMasks
from research.yolo_teacher import CATEGORIES, TaughtInstance, distinct, is_whole, square_windows

_SIDE, _STRIDES, _BINS = 416, (8, 16, 32), 8
#: Score of a box whose pixels say otherwise: it is left open.
_DOUBTED = 0.9 * LIKELY
_MEAN, _DEVIATION = (103.53, 116.28, 123.675), (57.375, 57.12, 58.395)


class FreeTeacher:
    """Instances of frames.

    Parameters
    ----------
    boxes : nanodet_m.onnx.
    pixels : deeplabv3_mnv2_pascal_quant.tflite, which needs ai-edge-litert, of the extra `teachers`.
    least_score : of an instance that is returned.

    Raises WeightsError where a file cannot be used.

    """

    def __init__(self, boxes: Path, pixels: Path, least_score: float = 0.25) -> None:
        import openvino

        try:
            self._network: Any = openvino.Core().compile_model(str(boxes), "CPU")
        except RuntimeError as damage:
            raise WeightsError(f"{boxes} cannot be used as a box teacher.", found=str(damage)) from damage
        self._masks = BoxMasks(pixels)
        self.least_score = least_score

    def __call__(self, frame: NDArray[np.uint8]) -> list[TaughtInstance]:
        """Instances of a frame uint8 RGB [H, W, 3], best first.

        What is small, a traffic light and a stop sign fill their box, as DeepLab does not tell. Where it sees no such
        object in a box, the score falls below what is ever believed.
        """
        height, width = frame.shape[:2]
        found = self._look(frame, 0, width)
        if width > 1.2 * height:  # a letterboxed wide frame wastes half of the network's pixels
            for left in square_windows(height, width):
                found += self._look(frame[:, left : left + height], left, width)
        return [self._masked(frame, one) for one in distinct(found)]

    def _look(self, part: NDArray[np.uint8], left: int, width: int) -> list[TaughtInstance]:
        """Boxes, with an empty mask, of one window that begins at x = `left` of a frame of that width."""
        scale = _SIDE / max(part.shape[:2])
        size = (round(part.shape[1] * scale), round(part.shape[0] * scale))
        canvas = np.zeros((_SIDE, _SIDE, 3), np.float32)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        canvas[: size[1], : size[0]] = (small[..., ::-1] - np.array(_MEAN)) / np.array(_DEVIATION)
        outputs = list(self._network(canvas.transpose(2, 0, 1)[None]).values())
        found = []
        for box, scores in zip(*decode(outputs), strict=True):
            output, score = int(scores.argmax()), float(scores.max())
            if output not in CATEGORIES or score < self.least_score:
                continue
            corners = np.clip(box / scale, 0, [part.shape[1], part.shape[0]] * 2).astype(np.float32)
            if is_whole(corners, left, part.shape[1], width):
                shift = np.array([left, 0, left, 0], np.float32)
                found.append(
                    TaughtInstance(corners + shift, CATEGORIES[output], score, np.zeros((0, 0), bool))
                )
        return found

    def _masked(self, frame: NDArray[np.uint8], one: TaughtInstance) -> TaughtInstance:
        if one.category in PIXELS and min(one.box[2:] - one.box[:2]) >= LEAST:
            mask = self._masks(frame, one.box, one.category)
            if mask is not None:
                return replace(one, mask=mask)
            one = replace(one, score=min(one.score, _DOUBTED))
        whole = np.zeros(frame.shape[:2], bool)
        x1, y1, x2, y2 = np.round(one.box).astype(int)
        whole[y1 : max(y2, y1 + 1), x1 : max(x2, x1 + 1)] = True
        return replace(one, mask=whole)


def decode(outputs: Sequence[NDArray[Any]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
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
