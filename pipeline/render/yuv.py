"""The planes of a decoded frame, how their numbers are to be read, and a colour in these numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.uint16]

#: Weights of red and blue in luma: ITU-R BT.601, BT.709, BT.2020 (non-constant luminance).
_RED_BLUE = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


class Planes(NamedTuple):
    """One frame: y [H, W] and u, v of the same size, half as wide, or half as wide and high (rounded up)."""

    y: Plane
    u: Plane
    v: Plane


class YuvColour(NamedTuple):
    """A colour as the planes hold it."""

    y: int
    u: int
    v: int


@dataclass(frozen=True)
class YuvFormat:
    """How a stream's numbers are to be read.

    matrix : "bt601", "bt709" or "bt2020".
    bit_depth : 8 (planes are uint8) to 12 (uint16).
    full_range : whether black is 0 and white the greatest number, instead of 16 and 235 (in 8 bits).
    """

    matrix: str = "bt709"
    bit_depth: int = 8
    full_range: bool = False

    def __post_init__(self) -> None:
        if self.matrix not in _RED_BLUE or not 8 <= self.bit_depth <= 12:
            raise ValueError(
                f"YuvFormat: expected one of {', '.join(_RED_BLUE)} with 8 to 12 bits, "
                f"found {self.matrix} with {self.bit_depth}"
            )

    @property
    def dtype(self) -> np.dtype[np.uint8] | np.dtype[np.uint16]:
        """Number type of the planes."""
        return np.dtype(np.uint8) if self.bit_depth == 8 else np.dtype(np.uint16)

    def colour(self, rgb: tuple[int, int, int]) -> YuvColour:
        """The planes' numbers for an R'G'B' colour of 0..255 a channel."""
        red, green, blue = (channel / 255 for channel in rgb)
        red_share, blue_share = _RED_BLUE[self.matrix]
        luma = red_share * red + (1 - red_share - blue_share) * green + blue_share * blue
        chroma_u = (blue - luma) / (2 * (1 - blue_share))
        chroma_v = (red - luma) / (2 * (1 - red_share))
        unit = 2 ** (self.bit_depth - 8)
        greatest = 2**self.bit_depth - 1
        low, luma_span, chroma_span = (
            (0, greatest, greatest) if self.full_range else (16 * unit, 219 * unit, 224 * unit)
        )
        numbers = (low + luma_span * luma, *(128 * unit + chroma_span * c for c in (chroma_u, chroma_v)))
        return YuvColour(*(min(round(number), greatest) for number in numbers))
