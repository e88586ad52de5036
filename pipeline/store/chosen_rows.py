"""The detections of a frame that an export contains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import NO_TRACK, Tracks


def chosen_rows(tracks: Tracks, conf: float | None) -> NDArray[np.intp]:
    """Rows of the tracks with at least this score, as --conf chooses them; None: all rows."""
    if conf is None:
        return np.arange(len(tracks))
    return np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= conf))
