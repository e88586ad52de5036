"""Geometry: the place of a frame on the network's canvas, and the way back for boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.model.arrays import math_of
from pipeline.model.config import InputConfig


@dataclass(frozen=True)
class Geometry:
    """A frame of `frame` px, resized to `resized`, lies at `offset` on a canvas; all are (vertical, horizontal)."""

    frame: tuple[int, int]
    resized: tuple[int, int]
    offset: tuple[int, int]
    canvas: tuple[int, int]

    def window(self, inclusive_corners: bool) -> tuple[float, float, float, float]:
        """The frame on the canvas as x1, y1, x2, y2 px."""
        (top, left), (height, width) = self.offset, self.resized
        end = int(inclusive_corners)
        return float(left), float(top), float(left + width - end), float(top + height - end)

    def proposal_window(self, inclusive_corners: bool) -> tuple[float, float, float, float]:
        """Window that proposals may lie in: matterport, of the inclusive corners, lets them reach into the padding."""
        if inclusive_corners:
            return 0.0, 0.0, self.canvas[1] - 1.0, self.canvas[0] - 1.0
        return self.window(inclusive_corners)

    def to_frame(self, boxes: Any, inclusive_corners: bool, whole_pixels: bool) -> Any:
        """Boxes [..., 4] of the canvas in frame px; a box that ends on a pixel comes back ending behind it."""
        end = int(inclusive_corners)
        (top, left), scales = self.offset, []
        for frame, resized in zip(self.frame, self.resized, strict=True):
            scales.append((frame - end) / max(resized - end, 1))
        shift = np.array([left, top, left, top], np.float32)
        scale = np.array([scales[1], scales[0]] * 2, np.float32)
        behind = np.array([0, 0, end, end], np.float32)
        boxes = (boxes - shift) * scale + behind
        return math_of(boxes).round(boxes) if whole_pixels else boxes


def fit(height: int, width: int, config: InputConfig) -> Geometry:
    """The geometry of a frame of `height` x `width` px under the rule of `config`."""
    return {"shortest_edge": _shortest_edge, "square": _square, "letterbox": _letterbox}[config.resize](
        height, width, config
    )


def _shortest_edge(height: int, width: int, config: InputConfig) -> Geometry:
    scale = min(config.min_size / min(height, width), config.max_size / max(height, width))
    resized = (max(math.floor(height * scale), 1), max(math.floor(width * scale), 1))
    canvas = (-(-resized[0] // 32) * 32, -(-resized[1] // 32) * 32)
    return Geometry((height, width), resized, (0, 0), canvas)


def _square(height: int, width: int, config: InputConfig) -> Geometry:
    scale = max(1.0, config.min_size / min(height, width))
    if round(max(height, width) * scale) > config.max_size:
        scale = config.max_size / max(height, width)
    side = -(-config.max_size // 32) * 32
    resized = (max(round(height * scale), 1), max(round(width * scale), 1))
    offset = ((side - resized[0]) // 2, (side - resized[1]) // 2)
    return Geometry((height, width), resized, offset, (side, side))


def _letterbox(height: int, width: int, config: InputConfig) -> Geometry:
    scale = min(config.canvas[0] / height, config.canvas[1] / width)
    resized = (max(round(height * scale), 1), max(round(width * scale), 1))
    offset = ((config.canvas[0] - resized[0]) // 2, (config.canvas[1] - resized[1]) // 2)
    return Geometry((height, width), resized, offset, config.canvas)
