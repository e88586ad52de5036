"""Runs by hand, for the scripts that count in them: boxes with numbers, a tenth of a second from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipeline.store.header import Header
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks

NAMES = {1: "person", 3: "car", 10: "traffic light"}

#: Height and width, px; what is named by default has a box of 8.5 px by 8.5 or more.
SIZE = 100, 400

#: Track id, the box's x1, y1, x2, y2 in px, class id and score.
Row = tuple[int, tuple[float, float, float, float], int, float]


def header(frames: int) -> Header:
    pts = np.arange(frames, dtype=np.int64) * 100
    return Header(SIZE[1], SIZE[0], Fraction(1, 1000), 0, pts, NAMES, tracked=True)


def tracks(rows: Sequence[Row]) -> Tracks:
    count = len(rows)
    found = Detections(
        np.array([row[1] for row in rows], np.float32).reshape(count, 4),
        np.array([row[3] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int32),
        np.full((count, 28, 28), 255, np.uint8),
    )
    return Tracks(found, np.array([row[0] for row in rows], np.int64), found.class_ids, found.scores)


def write_run(folder: Path, frames: Sequence[Sequence[Row]]) -> Path:
    """The stored detections of a run of `drive.mp4`."""
    path = folder / "drive.mp4.seg-run" / "detections.parquet"
    path.parent.mkdir(parents=True)
    write_tracks(path, header(len(frames)), [tracks(rows) for rows in frames])
    return path
