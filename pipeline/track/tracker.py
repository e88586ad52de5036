"""Identities in frame order: a detection belongs to the track whose predicted box it meets best.

Two-stage association as in ByteTrack (Zhang et al. 2022): strong detections choose first, weak ones may then
keep a track alive that would else be lost. The tracks of a frame rest on the frames up to it alone, so chunks
can follow each other at any size. Whatever starts a track has its number at once; what is an object is judged by
the look back, which knows what came after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.track import motion
from pipeline.track.association import overlaps, pair
from pipeline.track.candidates import candidates
from pipeline.track.settings import TrackSettings
from pipeline.track.state import TrackerState

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
Scores = NDArray[np.float32]
_NOBODY = -1

#: A track that was seen in the frame before and meets a detection with this IoU does not compete for it with tracks
#: that have been lost for some time, as their predictions lie anywhere by now (Wojke et al. 2017, matching cascade).
_KEPT_OVERLAP = 0.5

#: What a track keeps from frame to frame as long as it is not seen.
_KEPT = ("ids", "votes", "peaks", "hits", "missed", "last_seen")


class Tracker:
    """Turns detections into tracks; holds rules only, what it remembers is the state that goes in and out."""

    def __init__(self, settings: TrackSettings, class_names: Mapping[int, str]) -> None:
        self.settings = settings
        self.class_ids = np.array(sorted(class_names), np.int32)
        self.groups = _group_of_each([class_names[int(key)] for key in self.class_ids], settings)

    def start(self) -> TrackerState:
        """The state before a video's first frame."""
        return TrackerState.start(self.class_ids.tolist())

    def follow(
        self, state: TrackerState, frames: Iterable[tuple[float, Detections]]
    ) -> tuple[TrackerState, list[Tracks]]:
        """The state after these frames (seconds, detections) in presentation order, and their tracks."""
        tracked = []
        for seconds, detections in frames:
            state, tracks = self.step(state, seconds, detections)
            tracked.append(tracks)
        return state, tracked

    def moved(self, state: TrackerState, camera: FrameMotion) -> TrackerState:
        """The state as the camera's motion leaves it: what stands in the world is now elsewhere in the picture.

        After a cut there is nothing that could go on.
        """
        if camera.cut:
            return replace(self.start(), next_id=state.next_id)
        if camera.still or len(state) == 0:
            return state
        return replace(state, means=motion.carried(state.means, camera.matrix))

    def step(
        self, state: TrackerState, seconds: float, detections: Detections
    ) -> tuple[TrackerState, Tracks]:
        """The state after one more frame, and that frame's tracks. Pure: the same in gives the same out."""
        classes, boxes = self._columns_of(detections), detections.boxes.astype(np.float64)
        expected = self._expect(state, seconds)
        usable = candidates(detections, boxes, self.groups[classes], self.settings)
        strong = usable & (detections.scores >= self.settings.start_score)
        owners = self._owners(expected, boxes, self.groups[classes], usable, strong)
        seen = self._see(expected, owners, boxes, detections.scores, classes)
        starts = (strong & (owners == _NOBODY)).nonzero()[0]
        owners[starts] = len(seen) + np.arange(len(starts))
        after = self._begin(seen, starts, boxes, detections.scores, classes)
        return after, _tracks(after, owners, detections)

    def _columns_of(self, detections: Detections) -> Rows:
        """Column of each detection's class in the votes."""
        columns = np.searchsorted(self.class_ids, detections.class_ids)
        known = np.append(self.class_ids, -1)[columns] == detections.class_ids
        if not known.all():
            raise ValueError(
                f"expected class ids among {self.class_ids.tolist()}, "
                f"found {sorted(set(detections.class_ids[~known].tolist()))}"
            )
        return columns

    def _expect(self, state: TrackerState, seconds: float) -> TrackerState:
        """The tracks still waited for, where they should be at `seconds`."""
        sure = state.hits > 1
        patience = np.where(sure, self.settings.lost_seconds, self.settings.unsure_seconds)
        # A track seen in the frame before is asked for however far apart the frames are.
        alive = (state.missed == 0) | (seconds - state.last_seen <= patience)
        kept = {name: getattr(state, name)[alive] for name in _KEPT}
        means = state.means[alive]
        means[kept["missed"] > 0, 2:, 1] = 0.0  # what is hidden does not go on growing
        passed = max(seconds - float(state.seconds), 0.0) if len(state) else 0.0
        means, covariances = motion.predict(means, state.covariances[alive], passed)
        return replace(
            state, means=means, covariances=covariances, seconds=np.array(seconds, np.float64), **kept
        )

    def _owners(
        self,
        state: TrackerState,
        boxes: Floats,
        groups: Rows,
        usable: NDArray[np.bool_],
        strong: NDArray[np.bool_],
    ) -> Rows:
        """Row of the track that each detection continues, or _NOBODY."""
        owners = np.full(len(boxes), _NOBODY, np.intp)
        if not len(state) or not len(boxes):
            return owners
        overlap = overlaps(motion.boxes_of(state.means), boxes, self.settings.box_growth)
        overlap[self.groups[state.votes.argmax(axis=1)][:, None] != groups] = 0.0
        sure, in_view = state.hits > 1, state.missed == 0
        stages = (
            (sure & in_view, strong, _KEPT_OVERLAP),
            (sure, strong, self.settings.strong_overlap),
            (sure & in_view, usable & ~strong, self.settings.weak_overlap),
            (~sure, strong, self.settings.strong_overlap),
        )
        alone = np.ones(len(state), np.bool_)
        for asking, offered, minimum in stages:
            rows = (asking & alone).nonzero()[0]
            columns = (offered & (owners == _NOBODY)).nonzero()[0]
            if not len(rows) or not len(columns):
                continue
            found, taken = pair(overlap[rows[:, None], columns], minimum)
            owners[columns[taken]] = rows[found]
            alone[rows[found]] = False
        return owners

    def _see(
        self, state: TrackerState, owners: Rows, boxes: Floats, scores: Scores, classes: Rows
    ) -> TrackerState:
        """The tracks corrected by the detections they own; the others miss one more frame."""
        found = (owners != _NOBODY).nonzero()[0]
        rows = owners[found]
        means, covariances, votes = state.means.copy(), state.covariances.copy(), state.votes.copy()
        means[rows], covariances[rows] = motion.correct(means[rows], covariances[rows], boxes[found])
        votes[rows, classes[found]] += scores[found]
        peaks, hits, missed = state.peaks.copy(), state.hits.copy(), state.missed + 1
        peaks[rows] = np.maximum(peaks[rows], scores[found])
        hits[rows] += 1
        missed[rows] = 0
        last_seen = np.where(missed == 0, state.seconds, state.last_seen)
        return replace(
            state,
            means=means,
            covariances=covariances,
            votes=votes,
            peaks=peaks,
            hits=hits,
            missed=missed,
            last_seen=last_seen,
        )

    def _begin(
        self, state: TrackerState, starts: Rows, boxes: Floats, scores: Scores, classes: Rows
    ) -> TrackerState:
        """The tracks and, behind them, a new one for each detection of `starts`."""
        count = len(starts)
        if not count:
            return state
        means, covariances = motion.begin(boxes[starts])
        votes = np.zeros((count, len(self.class_ids)), np.float64)
        votes[np.arange(count), classes[starts]] = scores[starts]
        return replace(
            state,
            next_id=state.next_id + np.int64(count),
            ids=np.concatenate([state.ids, state.next_id + np.arange(count)]),
            means=np.concatenate([state.means, means]),
            covariances=np.concatenate([state.covariances, covariances]),
            votes=np.concatenate([state.votes, votes]),
            peaks=np.concatenate([state.peaks, scores[starts]]),
            hits=np.concatenate([state.hits, np.ones(count, np.int64)]),
            missed=np.concatenate([state.missed, np.zeros(count, np.int64)]),
            last_seen=np.concatenate([state.last_seen, np.full(count, state.seconds)]),
        )


def _tracks(state: TrackerState, owners: Rows, detections: Detections) -> Tracks:
    """The detections with the numbers, classes and best scores of the tracks that own them."""
    found = (owners != _NOBODY).nonzero()[0]
    if not len(found):
        return Tracks.untracked(detections)
    rows = owners[found]
    ids = np.full(len(detections), NO_TRACK, np.int64)
    class_ids, peaks = detections.class_ids.copy(), detections.scores.copy()
    ids[found], peaks[found] = state.ids[rows], state.peaks[rows]
    class_ids[found] = state.class_ids[state.votes[rows].argmax(axis=1)]
    return Tracks(detections, ids, class_ids, peaks)


def _group_of_each(names: list[str], settings: TrackSettings) -> Rows:
    """Number of the group each class name is in; a class of no group has one of its own."""
    member = {name: number for number, group in enumerate(settings.class_groups) for name in group}
    alone = len(settings.class_groups)
    return np.array([member.get(name, alone + place) for place, name in enumerate(names)], np.intp)
