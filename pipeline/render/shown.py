"""The tracks of a frame that are painted, in the order in which they are."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.render.settings import RenderSettings
from pipeline.structures.tracks import NO_TRACK, Tracks


class ShownTracks:
    """Picks the tracks that the settings ask for. Raises ConfigError for a class that the network does not know."""

    def __init__(self, settings: RenderSettings, class_names: Mapping[int, str]) -> None:
        self._conf, self._most = settings.conf, settings.max_objects
        pixel_classes = settings.view in ("semantic", "panoptic")  # which may have names of their own
        self._classes = np.array(_class_ids_of(settings.classes, class_names, others=pixel_classes), np.int32)

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


def _class_ids_of(
    classes: tuple[str | int, ...], names: Mapping[int, str], *, others: bool = False
) -> list[int]:
    """Ids of the classes to show; of all where none is asked for. others : names that are not there are left out."""
    wanted = {str(entry) for entry in classes}
    unknown = sorted(wanted - {str(class_id) for class_id in names} - set(names.values()))
    if unknown and not others:
        near = get_close_matches(unknown[0], names.values(), n=1)
        raise ConfigError(
            "classes names a class that the model does not know.",
            found=", ".join(unknown),
            do=(f"did you mean {near[0]}? " if near else "") + f"it knows {', '.join(names.values())}",
        )
    return [key for key, name in names.items() if not wanted or str(key) in wanted or name in wanted]
