"""Export tracks as a table with a row per track."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from pipeline.files import whole_stream
from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import NO_TRACK, Tracks

COLUMNS = ("track_id", "class", "first_second", "last_second", "frames", "best_score", "largest_height_px")


@dataclass
class _Sums:
    """A track so far. class_id : by the vote of the detections so far."""

    first: float
    last: float = 0.0
    class_id: int = 0
    frames: int = 0
    best: float = 0.0
    height: float = 0.0

    def add(self, seconds: float, tracks: Tracks, row: int) -> None:
        """Add one more frame."""
        _, y1, _, y2 = (float(edge) for edge in tracks.detections.boxes[row])
        self.last, self.class_id, self.frames = seconds, int(tracks.class_ids[row]), self.frames + 1
        self.best = max(self.best, float(tracks.detections.scores[row]))
        self.height = max(self.height, y2 - y1)


def export_csv(file: DetectionsFile, path: Path, choose: RowChoice = all_rows) -> None:
    """Write `path` with COLUMNS, tracks in order of their ids. choose : which rows of a frame. Raises WriteError."""
    sums: dict[int, _Sums] = {}
    times = file.header.seconds
    for frame, tracks in file.frames():
        seconds = float(times[frame - file.header.first_frame])
        for row in choose(frame, tracks):
            track = int(tracks.track_ids[row])
            if track != NO_TRACK:
                sums.setdefault(track, _Sums(seconds)).add(seconds, tracks, int(row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for track in sorted(sums):
        had = sums[track]
        numbers = (f"{had.first:.3f}", f"{had.last:.3f}", had.frames, f"{had.best:.4f}", f"{had.height:.1f}")
        writer.writerow([track, file.header.class_names[had.class_id], *numbers])
    with whole_stream(path) as stream:
        stream.write(text.getvalue().encode())
