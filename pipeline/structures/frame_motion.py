"""FrameMotion: how the picture as a whole moved from one frame to the next; EdgeMap: where it has edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: uint8 [h, w], a cell each: 0 where there is no edge, else 1 and its direction, 0 .. DIRECTIONS - 1, clockwise from
#: the one that gets brighter to the right.
EdgeMap = NDArray[np.uint8]

DIRECTIONS = 8


@dataclass(frozen=True, eq=False)
class FrameMotion:
    """The camera's motion since the frame before, as it is seen in the picture.

    matrix : float64 [2, 3]; a still point at (x, y) px of the frame before is now at matrix @ (x, y, 1).
    moved : root mean square of the way that points of the picture went, as a share of its height; 0 while the car
        stands. A car that drives straight on moves points without moving the picture's middle.
    cut : whether another scene begins with this frame; nothing goes on over a cut.
    """

    matrix: Floats
    moved: float = 0.0
    cut: bool = False

    def __post_init__(self) -> None:
        if self.matrix.shape != (2, 3) or self.matrix.dtype != np.float64 or self.moved < 0:
            raise ValueError(
                "FrameMotion: expected a float64 matrix [2, 3] and moved from 0 up, "
                f"found {self.matrix.dtype.name} {list(self.matrix.shape)}, {self.moved}"
            )

    @classmethod
    def none(cls) -> FrameMotion:
        """Nothing moved, or nothing is known: the first frame's."""
        return cls(np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))

    @property
    def still(self) -> bool:
        """True if the matrix changes nothing."""
        return bool((self.matrix == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).all())

    def to_numbers(self) -> list[float]:
        """Eight numbers, each as float32 holds it: the matrix by rows, moved, cut."""
        return [*self.matrix.ravel().tolist(), self.moved, float(self.cut)]

    @classmethod
    def from_numbers(cls, numbers: NDArray[np.float32]) -> FrameMotion:
        """The motion that `to_numbers` wrote."""
        if numbers.shape != (8,):
            raise ValueError(f"a frame's motion: expected 8 numbers, found {list(numbers.shape)}")
        whole = numbers.astype(np.float64)
        return cls(whole[:6].reshape(2, 3), float(whole[6]), bool(whole[7]))


def check_edge_map(edges: EdgeMap) -> None:
    """Raise ValueError for what is none."""
    if edges.ndim != 2 or edges.dtype != np.uint8 or edges.max(initial=0) > DIRECTIONS:
        raise ValueError(
            f"edges: expected uint8 [h, w] up to {DIRECTIONS}, "
            f"found {edges.dtype.name} {list(edges.shape)} up to {edges.max(initial=0)}"
        )
