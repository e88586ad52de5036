"""EdgeMap: where a small picture of a frame has edges, and which way they face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: uint8 [h, w], a cell each: 0 where there is no edge, else 1 and its direction, 0 .. DIRECTIONS - 1, clockwise from
#: the one that gets brighter to the right.
EdgeMap = NDArray[np.uint8]

DIRECTIONS = 8


def check_edge_map(edges: EdgeMap) -> None:
    """Raise ValueError for what is none."""
    if edges.ndim != 2 or edges.dtype != np.uint8 or edges.max(initial=0) > DIRECTIONS:
        raise ValueError(
            f"edges: expected uint8 [h, w] up to {DIRECTIONS}, "
            f"found {edges.dtype.name} {list(edges.shape)} up to {edges.max(initial=0)}"
        )
