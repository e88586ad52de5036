"""What tracks say about a frame that it does not say itself, and what a teacher says about a track as a whole.

A teacher that overlooks a far car in one frame sees it in others. Asked once a track and not once a frame, it says
what an object is that it sees faintly here, and that what it sees in no frame at all is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.store.reader import DetectionsFile
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks
from research.boxes import overlap
from research.yolo_teacher import TaughtInstance, alike

#: Looks of the teacher at a track, in frames apart, before it is judged.
_LOOKS = 3
#: A look has seen the track from this score on; share of looks that have to.
_SEEN, _SHARE = 0.25, 0.5
#: A track that no look has seen even this faintly is nothing.
_NOTHING = 0.1
#: Boxes that overlap more are of one object.
_SAME = 0.4


@dataclass(frozen=True, eq=False)
class TrackedObject:
    """An object of a frame that a track holds: found there, or filled in by the look back.

    track : its number.
    box : float32 [4] px of the frame.
    category : that the whole track is of.
    score : that the track is judged by.
    roi_mask : uint8 [28, 28] over the box, probability x 255.
    """

    track: int
    box: NDArray[np.float32]
    category: int
    score: float
    roi_mask: NDArray[np.uint8]

    def mask(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Its pixels, bool, of a frame of that height and width."""
        pasted, whole = paste_mask(self.roi_mask, self.box, *size), np.zeros(size, bool)
        rows, columns = pasted.pixels.shape
        whole[pasted.top : pasted.top + rows, pasted.left : pasted.left + columns] = pasted.pixels
        return whole


@dataclass(frozen=True)
class Verdict:
    """Numbers of tracks: `real` the teacher sees in most frames that it looked at, `none` in not one of them."""

    real: frozenset[int] = frozenset()
    none: frozenset[int] = frozenset()


def tracked_frames(run: Path) -> list[list[TrackedObject]]:
    """The objects of each frame that a finished run's `detections.parquet` holds tracks of.

    Raises StoreError where the file cannot be read, or holds no tracks.
    """
    with DetectionsFile(run) as file:
        return [_objects(tracks) for tracks in file.read_tracks()]


def verdict(frames: Sequence[tuple[Sequence[TrackedObject], Sequence[TaughtInstance]]]) -> Verdict:
    """The teacher's judgement of each track, out of the frames that it looked at."""
    looks: Mapping[int, list[float]] = defaultdict(list)
    for tracked, taught in frames:
        for one in tracked:
            looks[one.track].append(_seen(one, taught))
    judged = {track: np.array(scores) for track, scores in looks.items() if len(scores) >= _LOOKS}
    return Verdict(
        real=frozenset(track for track, scores in judged.items() if np.mean(scores >= _SEEN) >= _SHARE),
        none=frozenset(track for track, scores in judged.items() if scores.max() < _NOTHING),
    )


def _seen(one: TrackedObject, taught: Sequence[TaughtInstance]) -> float:
    """The teacher's score for an object in a frame that it looked at.

    What it sees there by another name is something, though not this: such a look makes a track neither real nor none.
    """
    there = [other for other in taught if overlap(other.box, one.box) >= _SAME]
    by_name = [other.score for other in there if alike(other.category, one.category)]
    return max(by_name) if by_name else min(max((other.score for other in there), default=0.0), _NOTHING)


def _objects(tracks: Tracks) -> list[TrackedObject]:
    found = tracks.detections
    return [
        TrackedObject(
            int(tracks.track_ids[row]),
            found.boxes[row],
            int(tracks.class_ids[row]),
            float(tracks.peak_scores[row]),
            found.roi_masks[row],
        )
        for row in np.flatnonzero(tracks.track_ids != NO_TRACK)
    ]
