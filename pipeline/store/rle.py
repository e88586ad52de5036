"""COCO's run-length encoding of a mask in the full frame, made from the mask cropped to its box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import PastedMask


def encode_rle(mask: PastedMask, height: int, width: int) -> dict[str, object]:
    """`{"size": [height, width], "counts": text}` as COCO tools read it.

    The runs go down the columns. The crop has to lie inside the frame.
    """
    return {"size": [height, width], "counts": _pack(run_lengths(mask, height, width))}


def run_lengths(mask: PastedMask, height: int, width: int) -> NDArray[np.int64]:
    """Lengths of the frame's runs, column by column, alternating between outside and inside; they sum to its pixels."""
    rows, columns = mask.pixels.shape
    if mask.top < 0 or mask.left < 0 or mask.top + rows > height or mask.left + columns > width:
        raise ValueError(
            f"mask crop of {columns}x{rows} at ({mask.left}, {mask.top}) leaves the {width}x{height} frame"
        )
    # Only the crop's columns are laid out; those beside it lengthen the first and the last run.
    strip = np.zeros((columns, height), np.int8)
    strip[:, mask.top : mask.top + rows] = mask.pixels.T
    flat = strip.reshape(-1)
    changes = np.flatnonzero(np.diff(flat, prepend=np.int8(0), append=np.int8(0))) + mask.left * height
    inner = changes[changes < height * width]
    return np.diff(np.concatenate([[0], inner, [height * width]])).astype(np.int64)


def _pack(counts: NDArray[np.int64]) -> str:
    """The runs as COCO's text: differences to the run two before, five bits per character, low bits first."""
    differences = counts.copy()
    differences[3:] -= counts[1:-2]
    return "".join(_characters(int(value)) for value in differences)


def _characters(value: int) -> str:
    """One signed number; bit 0x20 means that more characters follow, bit 0x10 of the last one is the sign."""
    text = ""
    more = True
    while more:
        low = value & 0x1F
        value >>= 5
        more = value != (-1 if low & 0x10 else 0)
        text += chr((low | 0x20 if more else low) + 48)
    return text
