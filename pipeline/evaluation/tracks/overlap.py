"""Overlap: which objects and which tracks lie on each other in the frames of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class FrameOverlap:
    """One frame's G objects and D tracks.

    true_ids : int64 [G]. track_ids : int64 [D]. iou : float64 [G, D], of their masks. No id is there twice.
    """

    true_ids: NDArray[np.int64]
    track_ids: NDArray[np.int64]
    iou: NDArray[np.float64]

    def __post_init__(self) -> None:
        expected = (len(self.true_ids), len(self.track_ids))
        if self.iou.shape != expected:
            raise ValueError(f"iou: expected {list(expected)}, found {list(self.iou.shape)}")
        for name in ("true_ids", "track_ids"):
            ids = getattr(self, name)
            if len(np.unique(ids)) != len(ids):
                raise ValueError(f"{name}: expected each once a frame, found {ids.tolist()}")


@dataclass(frozen=True, eq=False)
class VideoOverlap:
    """All frames, with ids replaced by places 0, 1, ... in the order of the ids.

    frames : in their order. true_counts : int64 [objects], frames that each is in. track_counts : int64 [tracks].
    """

    frames: tuple[FrameOverlap, ...]
    true_counts: NDArray[np.int64]
    track_counts: NDArray[np.int64]

    @classmethod
    def of(cls, frames: Sequence[FrameOverlap]) -> VideoOverlap:
        """The frames of a video, in their order."""
        none = np.zeros(0, np.int64)
        true, true_counts = np.unique(
            np.concatenate([none, *(frame.true_ids for frame in frames)]), return_counts=True
        )
        tracks, track_counts = np.unique(
            np.concatenate([none, *(frame.track_ids for frame in frames)]), return_counts=True
        )
        placed = tuple(
            FrameOverlap(
                np.searchsorted(true, frame.true_ids), np.searchsorted(tracks, frame.track_ids), frame.iou
            )
            for frame in frames
        )
        return cls(placed, true_counts, track_counts)

    def sums(self, values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """float64 [objects, tracks]: for each pair the sum of a value [G, D] that each frame gives it."""
        total = np.zeros((len(self.true_counts), len(self.track_counts)))
        for frame, value in zip(self.frames, values, strict=True):
            total[np.ix_(frame.true_ids, frame.track_ids)] += value
        return total
