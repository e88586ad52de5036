"""A window as bytes and back, to the last bit: the state of the look back at a border.

What was found in its frames is not in them, as it lies in the store: most of a state would be a copy of that.
"""

from __future__ import annotations

import io
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import ROI_MASK_SIZE
from pipeline.structures.tracks import NO_TRACK
from pipeline.track.observation import Observation
from pipeline.track.standing_parts import StandingParts
from pipeline.track.window import Life, Past, Window, WindowFrame

Columns = Mapping[str, NDArray[Any]]
_PARTS = ("sums", "left_out", "region")
_MASK = (ROI_MASK_SIZE, ROI_MASK_SIZE)


def pack(window: Window) -> dict[str, NDArray[Any]]:
    """Arrays that hold the window."""
    frames, lives, past = list(window.frames), list(window.lives.values()), list(window.past)
    befores = [life.before for life in lives if life.before]
    aliases = list(window.aliases.items())
    return {
        "next_id": np.array([window.next_id, window.classes], np.int64),
        "frame_count": np.array([len(frame.owners) for frame in frames], np.int64),
        "owners": _stacked([frame.owners for frame in frames], (), np.int64),
        "past_number": np.array([(one.number, one.looked) for one in past], np.int64).reshape(-1, 2),
        "past_seconds": np.array([one.seconds for one in past], np.float64),
        "past_camera": np.array([one.camera for one in past], np.float64).reshape(-1, 3, 3),
        "life": np.array(
            [
                (life.number, life.id, life.column, life.extended, life.joined, life.before is not None)
                for life in lives
            ],
            np.int64,
        ).reshape(-1, 6),
        "votes": np.array([life.votes for life in lives], np.float64).reshape(len(lives), window.classes),
        "judged": np.array([life.judged for life in lives], np.float64),
        "standing": np.array(
            [np.full(4, np.nan) if life.standing is None else life.standing for life in lives], np.float64
        ).reshape(-1, 4),
        "before": np.array([(one.frame, one.row) for one in befores], np.int64).reshape(-1, 2),
        "before_box": np.array(
            [[*one.box.tolist(), one.seconds, one.score] for one in befores], np.float64
        ).reshape(-1, 6),
        "before_mask": _stacked([one.mask[None] for one in befores], _MASK, np.uint8),
        "alias": np.array([(number, target) for number, (target, _) in aliases], np.int64).reshape(-1, 2),
        "alias_seconds": np.array([seconds for _, (_, seconds) in aliases], np.float64),
        **_packed_parts(window.parts),
    }


def owners(columns: Columns) -> list[NDArray[np.int64]]:
    """Of each frame of the window that `pack` made arrays of, the numbers of the tracks of its detections."""
    stops = np.cumsum(columns["frame_count"])
    return np.split(columns["owners"], stops[:-1]) if len(stops) else []


def unpack(columns: Columns, frames: Iterable[WindowFrame]) -> Window:
    """The window that `pack` made arrays of, with these frames; KeyError or ValueError for anything else."""
    next_id, classes = (int(number) for number in columns["next_id"])
    window = Window(next_id, classes, deque(frames))
    past = (columns["past_number"], columns["past_seconds"], columns["past_camera"])
    for (number, looked), seconds, camera in zip(*past, strict=True):
        window.past.append(Past(int(number), float(seconds), bool(looked), camera))
    window.lives = {life.number: life for life in _lives(columns)}
    for frame in window.frames:
        for row, owner in enumerate(frame.owners.tolist()):
            if owner != NO_TRACK:
                window.lives[owner].add(frame.observation(row))
    window.aliases = {
        int(number): (int(target), float(seconds))
        for (number, target), seconds in zip(columns["alias"], columns["alias_seconds"], strict=True)
    }
    window.parts = standing_parts(columns)
    return window


def standing_parts(columns: Columns) -> StandingParts:
    """The own car's parts of the window that `pack` made arrays of."""
    samples, moved = columns["parts"].tolist()
    arrays = {name: columns[f"parts_{name}"] for name in _PARTS if f"parts_{name}" in columns}
    return StandingParts(int(samples), moved, **arrays)


def to_bytes(columns: Columns) -> bytes:
    """Arrays as bytes, the same for the same arrays."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **columns)
    return zlib.compress(stream.getvalue(), 1)  # a run keeps one of these a chunk


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays that `to_bytes` wrote; zlib.error, ValueError, EOFError or zipfile.BadZipFile else."""
    with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _packed_parts(parts: StandingParts) -> dict[str, NDArray[Any]]:
    """Its numbers, and of its arrays those that are there."""
    arrays = {name: getattr(parts, name) for name in _PARTS}
    return {"parts": np.array([parts.samples, parts.moved], np.float64)} | {
        f"parts_{name}": array for name, array in arrays.items() if array is not None
    }


def _lives(columns: Columns) -> Iterable[Life]:
    place = 0
    names = ("life", "votes", "judged", "standing")
    for row, votes, judged, box in zip(*(columns[name] for name in names), strict=True):
        number, track_id, column, extended, joined, has_before = (int(value) for value in row)
        before = None
        if has_before:
            frame, detection = (int(value) for value in columns["before"][place])
            numbers = columns["before_box"][place]
            before = Observation(
                frame,
                float(numbers[4]),
                detection,
                numbers[:4],
                float(numbers[5]),
                columns["before_mask"][place],
            )
            place += 1
        standing = None if np.isnan(box).any() else box
        flags = bool(extended), bool(joined)
        yield Life(number, votes.copy(), track_id, column, float(judged), *flags, standing, before)


def _stacked(parts: Sequence[NDArray[Any]], shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros((0, *shape), dtype), *parts]).astype(dtype)
