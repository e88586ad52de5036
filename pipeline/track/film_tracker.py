"""FilmTracker: takes a film's frames in order and gives out their tracks, final `lag_seconds` later.

Both steps in one: the forward step gives each detection a track, the look back decides what is an object. The state
goes through bytes at any border; the tracks do not depend on where the borders are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.frame_motion import EdgeMap, FrameMotion
from pipeline.structures.tracks import Tracks
from pipeline.track import window_bytes
from pipeline.track.look_back import LookBack
from pipeline.track.settings import TrackSettings
from pipeline.track.state import TrackerState
from pipeline.track.tracker import Tracker
from pipeline.track.window import Window, WindowFrame


@dataclass(frozen=True, eq=False)
class FilmFrame:
    """One frame as the tracker takes it.

    seconds : when it is shown. detections : what was found; None where the network did not look.
    motion : the camera's since the frame before. edges : where the frame was sampled for what stands still.
    """

    seconds: float
    detections: Detections | None
    motion: FrameMotion = field(default_factory=FrameMotion.none)
    edges: EdgeMap | None = None


class FilmTracker:
    """Rules only; what it remembers is the state that goes in and out, as bytes."""

    def __init__(
        self, settings: TrackSettings, class_names: Mapping[int, str], size: tuple[int, int]
    ) -> None:
        """With the names of the network's classes, and the frames' height and width in px."""
        self._forward = Tracker(settings, class_names)
        self._back = LookBack(settings, self._forward.groups, self._forward.class_ids, size)

    def start(self) -> bytes:
        """The state before a film's first frame."""
        return _packed(self._forward.start(), Window(1, len(self._forward.class_ids)), 0)

    def follow(self, state: bytes, frames: Iterable[FilmFrame]) -> tuple[bytes, list[Tracks]]:
        """The state after these frames, and the tracks of those that are final by then.

        Final frames follow each other without a gap: the first call's begin with the film's first frame, and each
        call goes on where the one before it ended.
        """
        forward, window, number = _unpacked(state)
        final: list[Tracks] = []
        for frame in frames:
            if frame.motion.cut:
                final += self._back.end(window)
            window.parts.take(frame.edges, frame.motion.moved)
            forward = self._forward.moved(forward, frame.motion)
            if frame.detections is None:
                tracks = Tracks.untracked(Detections.empty())
            else:
                forward, tracks = self._forward.step(forward, frame.seconds, frame.detections)
            final += self._back.take(window, self._window_frame(number, frame, tracks))
            number += 1
        return _packed(forward, window, number), final

    def finish(self, state: bytes) -> tuple[bytes, list[Tracks]]:
        """The state behind the film's last frame, and the tracks of the frames that are left when it is over."""
        forward, window, number = _unpacked(state)
        final = self._back.end(window)
        return _packed(forward, window, number), final

    @staticmethod
    def own_car(state: bytes) -> NDArray[np.bool_] | None:
        """bool [h, w]: the own car, a cell each, as the state of `finish` has it; None where nothing is known of it."""
        return _unpacked(state)[1].parts.found()

    def _window_frame(self, number: int, frame: FilmFrame, tracks: Tracks) -> WindowFrame:
        camera = np.eye(3)
        camera[:2] = frame.motion.matrix
        return WindowFrame(
            number,
            frame.seconds,
            frame.detections is not None,
            camera,
            frame.motion.moved,
            tracks.detections,
            np.searchsorted(self._forward.class_ids, tracks.detections.class_ids),
            tracks.track_ids.copy(),
        )


def _packed(forward: TrackerState, window: Window, number: int) -> bytes:
    text = np.frombuffer(forward.to_json().encode(), np.uint8)
    return window_bytes.to_bytes(
        window_bytes.pack(window) | {"forward": text, "number": np.array(number, np.int64)}
    )


def _unpacked(state: bytes) -> tuple[TrackerState, Window, int]:
    columns = window_bytes.from_bytes(state)
    forward = TrackerState.from_json(columns["forward"].tobytes().decode())
    return forward, window_bytes.unpack(columns), int(columns["number"])
