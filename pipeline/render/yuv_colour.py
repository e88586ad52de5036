"""A colour in the numbers of a frame's planes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pipeline.structures.colour import Rgb

#: Weights of red and blue in luma: ITU-R BT.601, BT.709, BT.2020 (non-constant luminance).
_RED_BLUE = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


class YuvColour(NamedTuple):
    """A colour as the planes hold it."""

    y: int
    u: int
    v: int


@lru_cache(maxsize=1024)
def yuv_colour(rgb: Rgb, matrix: str, bit_depth: int, *, full_range: bool) -> YuvColour:
    """The colour of 0..255 a channel (R'G'B', as sRGB or BT.709 mean it) in a matrix, range and depth of YuvFrame."""
    red, green, blue = (channel / 255 for channel in rgb)
    if matrix == "gbr":  # the planes are green, blue and red themselves
        return YuvColour(*(round(channel * (2**bit_depth - 1)) for channel in (green, blue, red)))
    red_share, blue_share = _RED_BLUE[matrix]
    luma = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
    chroma_u = (blue - luma) / (2 * (1 - blue_share))
    chroma_v = (red - luma) / (2 * (1 - red_share))
    unit, greatest = 2 ** (bit_depth - 8), 2**bit_depth - 1
    low, luma_span, chroma_span = (
        (0, greatest, greatest) if full_range else (16 * unit, 219 * unit, 224 * unit)
    )
    numbers = (low + luma_span * luma, *(128 * unit + chroma_span * c for c in (chroma_u, chroma_v)))
    return YuvColour(*(min(round(number), greatest) for number in numbers))
