"""A region of a video as a picture: written beside a run, and read as what --ignore-region leaves out."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.files import write_whole

Rectangle = tuple[float, float, float, float]

#: Grey from which on a pixel belongs to the region; a picture edited by hand may have soft edges.
_INSIDE = 128


def write_region(path: Path, cells: NDArray[np.bool_], width: int, height: int) -> None:
    """Write a region of bool [h, w] as a PNG of width and height in px, white on black. Raises WriteError."""
    size = (width, height)
    white = cv2.resize(cells.astype(np.uint8) * 255, size, interpolation=cv2.INTER_NEAREST)
    done, content = cv2.imencode(".png", white)
    assert done, "a grey picture can be written as PNG"
    write_whole(path, content.tobytes())


def read_region(path: Path) -> tuple[Rectangle, ...]:
    """The region of a picture, what is white in it, as rectangles x, y, width, height in its px that share no pixel.

    Raises ConfigError where it cannot be read, or nothing in it is white.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"Cannot read {path}.", found=error.strerror or str(error)) from error
    grey = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    if grey is None:
        raise ConfigError(
            f"{path} is no picture.",
            do="give a picture in which white is what is left out, or x,y,width,height",
        )
    found = _rectangles(np.asarray(grey) >= _INSIDE)
    if not found:
        raise ConfigError(f"{path} leaves out nothing.", found="no white pixel")
    return found


def _rectangles(inside: NDArray[np.bool_]) -> tuple[Rectangle, ...]:
    """Each run of a row's pixels, with the rows below it that have the same one."""
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
