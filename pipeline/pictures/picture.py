"""Picture: an upright picture's pixels, and what its file said beside them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.segment.shrink import shrunk

Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Remarks:
    """The data of a file beside its pixels; None where it has none.

    exif : the block as it was, GPS and thumbnail among it, without the heading; its orientation says upright.
    icc : the colour profile, of red, green and blue.
    xmp : the packet as it was; its orientation says upright.
    """

    exif: bytes | None = None
    icc: bytes | None = None
    xmp: bytes | None = None


@dataclass(frozen=True, eq=False)
class Picture:
    """An upright picture.

    rgb : uint8 or uint16 [H, W, 3]; uint16 uses all 16 bits.
    alpha : of the same type, [H, W]; None where all is opaque.
    remarks : what its file said beside that.
    """

    rgb: Pixels
    alpha: Pixels | None = None
    remarks: Remarks = field(default_factory=Remarks)

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype not in (np.uint8, np.uint16):
            raise ValueError(
                f"Picture.rgb: expected uint8 or uint16 [H, W, 3], "
                f"found {self.rgb.dtype.name} {list(self.rgb.shape)}"
            )
        if self.alpha is not None and (self.alpha.shape, self.alpha.dtype) != (
            self.rgb.shape[:2],
            self.rgb.dtype,
        ):
            raise ValueError(
                f"Picture.alpha: expected {self.rgb.dtype.name} {list(self.rgb.shape[:2])}, "
                f"found {self.alpha.dtype.name} {list(self.alpha.shape)}"
            )

    @property
    def width(self) -> int:
        """W, in px."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """H, in px."""
        return int(self.rgb.shape[0])

    def in_8_bit(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
        """rgb and alpha with 8 bit a channel."""
        return _narrowed(self.rgb), None if self.alpha is None else _narrowed(self.alpha)

    def shrunk(self, width: int, height: int) -> NDArray[np.uint8]:
        """rgb with 8 bit a channel in a smaller size, [height, width, 3], as a network looks at it.

        Each pixel is the mean of the area that it covers, as in videos.
        """
        rgb, _ = self.in_8_bit()
        return shrunk(rgb, width, height)


def _narrowed(wide: Pixels) -> NDArray[np.uint8]:
    if wide.dtype == np.uint8:
        return wide.astype(np.uint8, copy=False)
    return ((wide.astype(np.uint32) + 128) // 257).astype(np.uint8)
