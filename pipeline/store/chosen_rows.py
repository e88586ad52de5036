"""The detections of a frame that an export is to hold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.tracks import NO_TRACK, Tracks


def chosen_rows(tracks: Tracks, conf: float | None) -> NDArray[np.intp]:
    """Rows of the objects that a video with this --conf shows; None: of all that was stored."""
    if conf is None:
        return np.arange(len(tracks))
    return np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= conf))
