"""FilmTracker: takes a film's frames in order and gives out their tracks, final `lag_seconds` later.

Both steps in one: the forward step gives each detection a track, the look back decides what is an object. The state
goes through bytes at any border; the tracks do not depend on where the borders are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        self._back = LookBack(settings, self._forward.groups, class_names, size)

    def start(self) -> bytes:
        """The state before a film's first frame."""
        return _packed(self._forward.start(), Window(1, len(self._forward.class_ids)), 0)

    def follow(
        self, state: bytes, frames: Sequence[FilmFrame], *, is_end: bool = False
    ) -> tuple[bytes, list[Tracks]]:
        """The state after these frames, and the tracks of the first of them, which are final by then.

        Final frames follow each other without a gap: the first call's begin with the film's first frame, and each
        call goes on where the one before it ended.

        Parameters
        ----------
        state : after the frames of the calls before.
        frames : first those of earlier calls that are not final yet, as they were then, because the state does not
            repeat what was found in them; behind them new ones.
        is_end : whether the film ends with them: then all are final.

        """
        forward, window, number = self._unpacked(state, frames)
        final: list[Tracks] = []
        for frame in frames[len(window.frames) :]:
            if frame.motion.cut:
                final += self._back.end(window)
            window.parts.take(frame.edges, frame.motion.moved)
            forward = self._forward.moved(forward, frame.motion)
            if frame.detections is None:
                tracks = Tracks.untracked(Detections.empty())
            else:
                forward, tracks = self._forward.step(forward, frame.seconds, frame.detections)
            final += self._back.take(window, self._window_frame(number, frame, tracks.track_ids.copy()))
            number += 1
        if is_end:
            final += self._back.end(window)
        return _packed(forward, window, number), final

    @staticmethod
    def own_car(state: bytes) -> NDArray[np.bool_] | None:
        """bool [h, w]: the own car, a cell each, as a film's last state has it; None where nothing is known of it."""
        return window_bytes.standing_parts(window_bytes.from_bytes(state)).found()

    def _unpacked(self, state: bytes, frames: Sequence[FilmFrame]) -> tuple[TrackerState, Window, int]:
        """Both steps' states and the next frame's number. frames : begin with those of the window."""
        columns = window_bytes.from_bytes(state)
        forward = TrackerState.from_json(columns["forward"].tobytes().decode())
        number, owners = int(columns["number"]), window_bytes.owners(columns)
        if len(frames) < len(owners):
            raise ValueError(f"expected the {len(owners)} frames that are not final yet, found {len(frames)}")
        known = map(self._window_frame, range(number - len(owners), number), frames, owners)
        return forward, window_bytes.unpack(columns, known), number

    def _window_frame(self, number: int, frame: FilmFrame, owners: NDArray[np.int64]) -> WindowFrame:
        found = Detections.empty() if frame.detections is None else frame.detections
        camera = np.eye(3)
        camera[:2] = frame.motion.matrix
        return WindowFrame(
            number,
            frame.seconds,
            frame.detections is not None,
            camera,
            frame.motion.moved,
            found,
            np.searchsorted(self._forward.class_ids, found.class_ids),
            owners,
        )


def _packed(forward: TrackerState, window: Window, number: int) -> bytes:
    text = np.frombuffer(forward.to_json().encode(), np.uint8)
    return window_bytes.to_bytes(
        window_bytes.pack(window) | {"forward": text, "number": np.array(number, np.int64)}
    )
