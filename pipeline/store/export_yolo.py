"""Stored detections as YOLO text: a file a frame, a line a box."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipeline.errors import StoreError
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import NO_TRACK, Tracks


def export_yolo(file: DetectionsFile, folder: Path, conf: float = 0.0) -> None:
    """Make `folder` with `000000.txt`, ... (empty for a frame without objects) and `classes.txt`.

    A line is `class x y width height score [track]`: centre and size as shares of the frame; the class is the
    line of `classes.txt`, from 0. The folder appears when it is whole. Raises StoreError, also if it is there.
    """
    if folder.exists():
        raise StoreError(f"{folder} is there already.", do="name another folder or delete this one")
    temporary = folder.with_name(folder.name + ".part")
    shutil.rmtree(temporary, ignore_errors=True)  # what a killed export left
    try:
        temporary.mkdir(parents=True)
        places = {key: place for place, key in enumerate(sorted(file.header.class_names))}
        names = [file.header.class_names[key] for key in places]
        (temporary / "classes.txt").write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
        for frame, tracks in file.frames():
            lines = [_line(file.header, tracks, row, places) for row in range(len(tracks))]
            kept = [
                line for line, score in zip(lines, tracks.detections.scores, strict=True) if score >= conf
            ]
            (temporary / f"{frame:06d}.txt").write_text("".join(kept))
        temporary.replace(folder)
    except OSError as error:
        raise StoreError(
            f"Cannot write {folder}.", found=str(error), do="free space or name another folder"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # gone already where all went well


def _line(header: Header, tracks: Tracks, row: int, places: dict[int, int]) -> str:
    x1, y1, x2, y2 = (float(edge) for edge in tracks.detections.boxes[row])
    centre = (x1 + x2) / 2 / header.width, (y1 + y2) / 2 / header.height
    size = (x2 - x1) / header.width, (y2 - y1) / header.height
    shares = " ".join(f"{share:.6f}" for share in (*centre, *size))
    track = "" if tracks.track_ids[row] == NO_TRACK else f" {tracks.track_ids[row]}"
    return f"{places[int(tracks.class_ids[row])]} {shares} {tracks.detections.scores[row]:.4f}{track}\n"
