"""FrameLabels: order and colour of the objects of a frame, and where the names of some of them stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

#: Stands for a coordinate where there is no label, or no leader.
NOWHERE = -1

_DTYPES = {"track_ids": np.int64, "colours": np.int64, "places": np.int64, "leaders": np.int64}


@dataclass(frozen=True, eq=False)
class FrameLabels:
    """N tracks that are painted in a frame, in the order in which they are: far ones first.

    track_ids : int64 [N].
    colours : int64 [N], indices into palette.COLOURS.
    places : int64 [N, 2], left and top in px of the label; NOWHERE for a track that is not named.
    leaders : int64 [N, 4], the line from the label to the object, x1, y1, x2, y2 in px; NOWHERE without one.
    """

    track_ids: NDArray[np.int64]
    colours: NDArray[np.int64]
    places: NDArray[np.int64]
    leaders: NDArray[np.int64]

    def __post_init__(self) -> None:
        rows = len(self.track_ids)
        shapes = {"track_ids": (rows,), "colours": (rows,), "places": (rows, 2), "leaders": (rows, 4)}
        for name, shape in shapes.items():
            column = getattr(self, name)
            if column.shape != shape or column.dtype != _DTYPES[name]:
                raise ValueError(
                    f"FrameLabels.{name}: expected int64 {list(shape)}, "
                    f"found {column.dtype.name} {list(column.shape)}"
                )

    def __len__(self) -> int:
        return len(self.track_ids)

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[int]] | NDArray[np.int64]) -> FrameLabels:
        """Of rows of track id, colour, left, top, and the leader's four."""
        table = np.array(rows, np.int64).reshape(len(rows), 8)
        return cls(table[:, 0], table[:, 1], table[:, 2:4], table[:, 4:])


def pack_labels(frames: Sequence[FrameLabels]) -> NDArray[np.int64]:
    """The labels of many frames as one table to be stored: int64 [rows, 9], the frame's position, then its columns."""
    rows = [
        np.column_stack([np.full(len(one), number), one.track_ids, one.colours, one.places, one.leaders])
        for number, one in enumerate(frames)
    ]
    return np.concatenate([np.zeros((0, 9), np.int64), *rows]).astype(np.int64)


def unpack_labels(table: NDArray[np.int64], frames: int) -> list[FrameLabels]:
    """The labels of each of `frames` frames, out of pack_labels' table; ValueError for any other."""
    if table.ndim != 2 or table.shape[1] != 9 or (np.diff(table[:, 0], prepend=0, append=frames) < 0).any():
        raise ValueError(
            f"labels of {frames} frames: expected rows of 9 by frame, found {list(table.shape)} "
            f"for frames up to {table[:, 0].max(initial=-1) if table.ndim == 2 and table.shape[1] else '?'}"
        )
    bounds = np.searchsorted(table[:, 0], np.arange(frames + 1))
    return [FrameLabels.from_rows(table[start:stop, 1:]) for start, stop in pairwise(bounds)]
