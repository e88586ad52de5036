"""YuvFrame: a decoded frame in the planes it was coded in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class YuvFrame:
    """One upright frame of H x W px; its planes are its own, and may be painted on in place.

    y : [H, W], uint8 at 8 bit, else uint16 (values 0..1023 at 10 bit).
    u, v : [ceil(H / sv), ceil(W / sh)] of the same type; sh, sv are 1 or 2. Blue and red difference, with
        `1 << (bit_depth - 1)` for none.
    bit_depth : 8 or 10; 16 for pictures.
    full_range : luma spans all values; otherwise 16..235 and chroma 16..240, times 4 at 10 bit.
    matrix : "bt601", "bt709" or "bt2020": how red, green and blue became luma and differences; "gbr": they did not,
        and the planes y, u, v are green, blue and red, in full range (ITU-T H.273, table 4, value 0).
    """

    y: Plane
    u: Plane
    v: Plane
    bit_depth: int
    full_range: bool
    matrix: str

    def __post_init__(self) -> None:
        dtype = np.uint8 if self.bit_depth == 8 else np.uint16
        height, width = self.y.shape
        chroma = {(-(-height // sv), -(-width // sh)) for sv in (1, 2) for sh in (1, 2)}
        if self.u.shape != self.v.shape or self.u.shape not in chroma:
            raise ValueError(
                f"YuvFrame.u, v: expected one of {sorted(chroma)} for luma of {self.y.shape}, "
                f"found {self.u.shape} and {self.v.shape}"
            )
        if {plane.dtype for plane in self.planes} != {np.dtype(dtype)}:
            raise ValueError(
                f"YuvFrame: expected {np.dtype(dtype).name} planes at {self.bit_depth} bit, "
                f"found {[plane.dtype.name for plane in self.planes]}"
            )

    @property
    def planes(self) -> tuple[Plane, Plane, Plane]:
        """y, u, v."""
        return self.y, self.u, self.v

    @property
    def height(self) -> int:
        """H, in px."""
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        """W, in px."""
        return int(self.y.shape[1])

    @property
    def subsampling(self) -> tuple[int, int]:
        """Luma pixels a chroma pixel covers, across and down: (2, 2) for 4:2:0, (2, 1) for 4:2:2."""
        across = 1 if self.u.shape[1] == self.width else 2
        down = 1 if self.u.shape[0] == self.height else 2
        return across, down
