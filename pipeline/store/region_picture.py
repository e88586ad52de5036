"""A region of a video as a picture: written beside a run, and read by --ignore-region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.files import write_whole

Rectangle = tuple[float, float, float, float]

#: Least grey of a pixel in the region; a picture edited by hand may have soft edges.
_INSIDE = 128


def write_region(path: Path, cells: NDArray[np.bool_], width: int, height: int) -> None:
    """Write a region bool [h, w] as a PNG of the given size in px, white on black. Raises WriteError."""
    size = (width, height)
    white = cv2.resize(cells.astype(np.uint8) * 255, size, interpolation=cv2.INTER_NEAREST)
    done, content = cv2.imencode(".png", white)
    assert done, "a grey picture can be written as PNG"
    write_whole(path, content.tobytes())


def read_region(path: Path) -> tuple[Rectangle, ...]:
    """The white region of a picture as disjoint rectangles x, y, width, height in px. What is transparent is not white.

    Raises ConfigError if it cannot be read, or nothing in it is white.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}.", found=error.strerror or str(error)) from error
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if pixels is None:
        raise ConfigError(
            f"{path} is not a picture.",
            do="give a picture with the ignored region in white, or x,y,width,height",
        )
    found = _rectangles(_white(np.asarray(pixels)))
    if not found:
        raise ConfigError(f"{path} marks no region.", found="no white pixel")
    return found


def _white(pixels: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels [H, W] or [H, W, C] of 8 or 16 bit that are white and, where there is a fourth channel, opaque."""
    inside = _INSIDE * (257 if pixels.dtype == np.uint16 else 1)
    if pixels.ndim == 2:
        return np.asarray(pixels >= inside)
    white = cv2.cvtColor(pixels[..., :3], cv2.COLOR_BGR2GRAY) >= inside
    return np.asarray(white & (pixels[..., 3] >= inside) if pixels.shape[2] == 4 else white)


def _rectangles(inside: NDArray[np.bool_]) -> tuple[Rectangle, ...]:
    """Each run of pixels in a row, extended over the following rows with the same run."""
    whole: list[Rectangle] = []
    running: dict[tuple[int, int], int] = {}
    for y, row in enumerate([*inside, np.zeros(inside.shape[1], np.bool_)]):
        steps = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
        spans = {(int(x1), int(x2)) for x1, x2 in steps.reshape(-1, 2)}
        for x1, x2 in [span for span in running if span not in spans]:
            top = running.pop((x1, x2))
            whole.append((float(x1), float(top), float(x2 - x1), float(y - top)))
        for span in sorted(spans):
            running.setdefault(span, y)
    return tuple(whole)
