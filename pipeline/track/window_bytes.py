"""A window as bytes and back, to the last bit: the state of the look back at a border."""

from __future__ import annotations

import io
import zlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.detections import Detections
from pipeline.structures.masks import ROI_MASK_SIZE
from pipeline.structures.tracks import NO_TRACK
from pipeline.track.observation import Observation
from pipeline.track.standing_parts import StandingParts
from pipeline.track.window import Life, Past, Window, WindowFrame

Columns = Mapping[str, NDArray[Any]]
_CAMERA = (3, 3)
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
        **_times("frame", frames),
        "moved": np.array([frame.moved for frame in frames], np.float64),
        "boxes": _stacked([frame.found.boxes for frame in frames], (4,), np.float32),
        "scores": _stacked([frame.found.scores for frame in frames], (), np.float32),
        "class_ids": _stacked([frame.found.class_ids for frame in frames], (), np.int32),
        "masks": _stacked([frame.found.roi_masks for frame in frames], _MASK, np.uint8),
        "columns": _stacked([frame.columns for frame in frames], (), np.int64),
        "owners": _stacked([frame.owners for frame in frames], (), np.int64),
        **_times("past", past),
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


def unpack(columns: Columns) -> Window:
    """The window that `pack` made arrays of; KeyError or ValueError for anything else."""
    next_id, classes = (int(number) for number in columns["next_id"])
    window = Window(next_id, classes)
    borders = np.concatenate([[0], np.cumsum(columns["frame_count"])])
    for place, (number, seconds, looked, camera) in enumerate(_rows(columns, "frame")):
        span = slice(int(borders[place]), int(borders[place + 1]))
        found = Detections(
            columns["boxes"][span],
            columns["scores"][span],
            columns["class_ids"][span],
            columns["masks"][span],
        )
        kinds, owners = columns["columns"][span].astype(np.intp), columns["owners"][span].copy()
        moved = float(columns["moved"][place])
        window.frames.append(WindowFrame(number, seconds, looked, camera, moved, found, kinds, owners))
    window.past = deque(Past(*row) for row in _rows(columns, "past"))
    window.lives = {life.number: life for life in _lives(columns)}
    for frame in window.frames:
        for row in np.flatnonzero(frame.owners != NO_TRACK).tolist():
            window.lives[int(frame.owners[row])].seen.append(frame.observation(row))
    window.aliases = {
        int(number): (int(target), float(seconds))
        for (number, target), seconds in zip(columns["alias"], columns["alias_seconds"], strict=True)
    }
    window.parts = _parts(columns)
    return window


def to_bytes(columns: Columns) -> bytes:
    """Arrays as bytes, the same for the same arrays."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **columns)
    # A run keeps one of these a chunk. Masks are mostly runs of one number: told as such they take half the time.
    packer = zlib.compressobj(1, strategy=zlib.Z_RLE)
    return packer.compress(stream.getvalue()) + packer.flush()


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


def _parts(columns: Columns) -> StandingParts:
    samples, moved = columns["parts"].tolist()
    arrays = {name: columns[f"parts_{name}"] for name in _PARTS if f"parts_{name}" in columns}
    return StandingParts(int(samples), moved, **arrays)


def _times(name: str, frames: Sequence[WindowFrame] | Sequence[Past]) -> dict[str, NDArray[Any]]:
    return {
        f"{name}_number": np.array([(one.number, one.looked) for one in frames], np.int64).reshape(-1, 2),
        f"{name}_seconds": np.array([one.seconds for one in frames], np.float64),
        f"{name}_camera": np.array([one.camera for one in frames], np.float64).reshape(-1, *_CAMERA),
    }


def _rows(columns: Columns, name: str) -> Iterable[tuple[int, float, bool, NDArray[np.float64]]]:
    rows = (columns[f"{name}_number"], columns[f"{name}_seconds"], columns[f"{name}_camera"])
    for (number, looked), seconds, camera in zip(*rows, strict=True):
        yield int(number), float(seconds), bool(looked), camera


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
