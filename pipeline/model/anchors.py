"""Anchors: the reference boxes that the region proposal network classifies and refines (Ren et al. 2015, 3.1.1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.model.config import AnchorConfig


def cell_anchors(size: float, aspect_ratios: tuple[float, ...], whole_pixels: bool) -> NDArray[np.float32]:
    """Anchors float32 [len(aspect_ratios), 4] of one position, centred on (0, 0), all of area size^2."""
    ratios = np.asarray(aspect_ratios, np.float32)
    heights, widths = np.sqrt(ratios) * np.float32(size), np.float32(size) / np.sqrt(ratios)
    corners = np.stack([-widths, -heights, widths, heights], axis=1) / 2
    return (np.round(corners) if whole_pixels else corners).astype(np.float32)


def level_anchors(
    grid: tuple[int, int], stride: tuple[int, int], size: float, config: AnchorConfig
) -> NDArray[np.float32]:
    """Anchors float32 [rows * columns * ratios, 4] of a feature map: rows, then columns, then aspect ratios.

    The anchors of cell (i, j) are centred on pixel corner (j * stride, i * stride), as in every source we read.
    `grid` and `stride` are (vertical, horizontal), the stride in px.
    """
    x, y = np.meshgrid(np.arange(grid[1]) * stride[1], np.arange(grid[0]) * stride[0])
    shifts = np.stack([x, y, x, y], axis=-1).reshape(-1, 1, 4).astype(np.float32)
    cell = cell_anchors(size, config.aspect_ratios, config.whole_pixels)
    return (shifts + cell[None]).reshape(-1, 4)


def pyramid_anchors(
    canvas: tuple[int, int], levels: range, config: AnchorConfig, inclusive_corners: bool = False
) -> list[NDArray[np.float32]]:
    """Anchors of each level of a pyramid over a canvas of (height, width) px.

    A level's feature map is the canvas over 2^level, rounded up. With `inclusive_corners` the last two coordinates
    name the last pixel inside, one less.
    """
    end = np.array([0, 0, 1, 1], np.float32) if inclusive_corners else np.zeros(4, np.float32)
    anchors = []
    for level, size in zip(levels, config.sizes, strict=True):
        grid = (-(-canvas[0] // 2**level), -(-canvas[1] // 2**level))
        from_grid = (canvas[0] // grid[0], canvas[1] // grid[1])
        stride = from_grid if config.stride_from_grid else (2**level, 2**level)
        anchors.append(level_anchors(grid, stride, size, config) - end)
    return anchors
