"""The tracks of a frame that are painted, in the order in which they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.render.asked_classes import asked_numbers
from pipeline.render.settings import RenderSettings
from pipeline.structures.tracks import NO_TRACK, Tracks


class ShownTracks:
    """Picks the tracks that the settings ask for."""

    def __init__(self, settings: RenderSettings, class_names: Mapping[int, str]) -> None:
        self._conf, self._most = settings.conf, settings.max_objects
        self._classes = np.array(asked_numbers(settings.classes, class_names.items()), np.int32)

    def rows(self, tracks: Tracks) -> NDArray[np.intp]:
        """Rows of the tracks that are painted, in their order; where there are too many, those of the best scores."""
        kept = (tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= self._conf)
        rows = np.flatnonzero(kept & (tracks.class_ids[:, None] == self._classes).any(axis=1))
        if self._most is None or len(rows) <= self._most:
            return rows
        best = np.lexsort((tracks.track_ids[rows], -tracks.peak_scores[rows]))[: self._most]
        return np.sort(rows[best])

    def of(self, tracks: Tracks) -> Tracks:
        """The tracks that are painted, far ones first: what stands lower in the picture is nearer."""
        rows = self.rows(tracks)
        return tracks[rows[np.lexsort((tracks.track_ids[rows], tracks.detections.boxes[rows, 3]))]]
