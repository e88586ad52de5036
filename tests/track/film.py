"""Films for tests: objects that go their way, seen with gaps, and what the tracker makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import FrameMotion
from pipeline.structures.tracks import Tracks
from pipeline.track.film_tracker import FilmFrame, FilmTracker
from pipeline.track.settings import TrackSettings

NAMES = {1: "person", 2: "bicycle", 3: "car", 8: "truck", 13: "stop sign"}

#: Height and width of the frames, px.
SIZE = 360, 4000

#: x of the left edge, score, class id; a box is 40 wide and 20 high, at y 100. A fifth number is the mask's value.
Row = tuple[float, ...]


def frame(*rows: Row) -> Detections:
    count = len(rows)
    boxes = np.array([[row[0], 100, row[0] + 40, 120] for row in rows], np.float32).reshape(count, 4)
    masks = np.array([row[3] if len(row) > 3 else 200 for row in rows], np.uint8).reshape(count, 1, 1)
    return Detections(
        boxes,
        np.array([row[1] for row in rows], np.float32).reshape(count),
        np.array([row[2] for row in rows], np.int32).reshape(count),
        np.broadcast_to(masks, (count, 28, 28)).copy(),
    )


def film(
    frames: Sequence[Detections | None],
    times: Sequence[float] | None = None,
    motions: Sequence[FrameMotion] | None = None,
) -> list[FilmFrame]:
    """At 25 frames a second and without a camera's motion, unless told otherwise."""
    times = times or [index / 25 for index in range(len(frames))]
    motions = motions or [FrameMotion.none()] * len(frames)
    return [FilmFrame(*entry) for entry in zip(times, frames, motions, strict=True)]


def follow(
    frames: Sequence[FilmFrame], settings: TrackSettings | None = None, chunk: int = 1000
) -> list[Tracks]:
    """The tracks of a whole film, in chunks of so many frames."""
    tracker = FilmTracker(settings or TrackSettings(), NAMES, SIZE)
    state, tracks = tracker.start(), []
    for stop in (*range(chunk, len(frames), chunk), len(frames)):
        state, final = tracker.follow(state, frames[len(tracks) : stop], is_end=stop == len(frames))
        tracks += final
    return tracks


def ids(tracks: Sequence[Tracks]) -> list[list[int]]:
    return [here.track_ids.tolist() for here in tracks]
