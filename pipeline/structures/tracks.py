"""Tracks: the detections of one frame, each with the identity it keeps through the video."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.structures.detections import Detections

#: Stands where a detection follows no track: too weak to start one, never beyond doubt, a duplicate, or in an
#: ignored region.
NO_TRACK = -1

#: Where a row comes from: the network found it in this frame; it follows from the frames before and after, though
#: the network looked and did not find it; or the network did not look at this frame.
FOUND, FILLED, INTERPOLATED = 0, 1, 2

#: The three in words, as they are stored.
ORIGINS = ("found", "filled", "interpolated")


@dataclass(frozen=True, eq=False)
class Tracks:
    """N detections of one frame and what tracking says about each; N may be 0.

    detections : what was found in the frame, in its own order, and behind it what follows from other frames.
    track_ids : int64 [N], from 1 up and never used again for another object; NO_TRACK without a track.
    class_ids : int32 [N], the class that the track's detections vote for; the own one without a track.
    peak_scores : float32 [N], the score that the track is judged by; the own score without a track.
    origins : uint8 [N], FOUND, FILLED or INTERPOLATED; all are FOUND where it is left out.
    """

    detections: Detections
    track_ids: NDArray[np.int64]
    class_ids: NDArray[np.int32]
    peak_scores: NDArray[np.float32]
    origins: NDArray[np.uint8] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        rows = len(self.detections)
        if self.origins is None:
            object.__setattr__(self, "origins", np.full(rows, FOUND, np.uint8))
        expected = {
            "track_ids": np.int64,
            "class_ids": np.int32,
            "peak_scores": np.float32,
            "origins": np.uint8,
        }
        for name, dtype in expected.items():
            column = getattr(self, name)
            if column.shape != (rows,) or column.dtype != dtype:
                raise ValueError(
                    f"Tracks.{name}: expected {np.dtype(dtype).name} [{rows}], "
                    f"found {column.dtype.name} {list(column.shape)}"
                )
        ids = self.track_ids[self.track_ids != NO_TRACK].tolist()  # so few that Python is faster than NumPy
        if min(ids, default=1) < 1 or len(set(ids)) != len(ids):
            raise ValueError(f"Tracks.track_ids: expected ids from 1 up, each once a frame, found {ids}")

    @classmethod
    def untracked(cls, detections: Detections) -> Tracks:
        """The same detections, none of which follows a track."""
        return cls(
            detections=detections,
            track_ids=np.full(len(detections), NO_TRACK, np.int64),
            class_ids=detections.class_ids,
            peak_scores=detections.scores,
        )

    def __len__(self) -> int:
        return len(self.track_ids)

    def __getitem__(self, rows: ArrayLike | slice) -> Tracks:
        """The rows that a slice, an index array or a boolean array picks."""
        index = rows if isinstance(rows, slice) else np.atleast_1d(np.asarray(rows))
        if not isinstance(index, slice) and index.size == 0:
            index = index.astype(np.intp)
        return Tracks(*(getattr(self, field.name)[index] for field in fields(self)))
