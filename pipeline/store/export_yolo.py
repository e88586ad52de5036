"""Export detections as YOLO segmentation labels: a file per frame, with a line and a polygon per object."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.polygons import polygon_of
from pipeline.store.reader import DetectionsFile
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import Tracks

#: Readers turn fractions of the frame into pixels by rounding (supervision) or truncating (Ultralytics). A point a
#: quarter into its pixel falls into that pixel with both. The centre would not: 2.5 rounds to 2, and 3.5 to 4.
_INTO_PIXEL = 0.25


def export_yolo(
    file: DetectionsFile, folder: Path, choose: RowChoice = all_rows, *, scores: bool = False
) -> None:
    """Write `labels/000000.txt` and so on, `classes.txt` and `data.yaml`.

    A line is `class x1 y1 x2 y2 ...`: the line number in `classes.txt`, from 0, and the polygon in fractions of the
    frame. A frame without objects has an empty file, and a mask without a pixel no line. For pictures the files have
    their names. scores : end each line with the score, as Ultralytics' save_conf does; other readers may refuse that.
    choose : which rows of a frame. Raises StoreError and WriteError.
    """
    names = file.header.class_names
    places = {key: place for place, key in enumerate(sorted(names))}
    (folder / "classes.txt").write_text("".join(f"{names[key]}\n" for key in places), encoding="utf-8")
    (folder / "data.yaml").write_text(_data_yaml([names[key] for key in places]), encoding="utf-8")
    (folder / "labels").mkdir()
    stems = file.header.stems
    for frame, tracks in file.frames():
        rows = choose(frame, tracks)
        lines = [_line(file.header.size_of(frame), tracks, int(row), places, scores) for row in rows]
        (folder / "labels" / f"{stems[frame - file.header.first_frame]}.txt").write_text(
            "".join(lines), encoding="ascii"
        )


def _data_yaml(names: list[str]) -> str:
    """Ultralytics' description of a data set; JSON strings are valid YAML.

    Without a `path` Ultralytics looks beside this file; with `path: .` it would look in its current folder.
    """
    rows = [f"  {place}: {json.dumps(name)}\n" for place, name in enumerate(names)]
    return "".join(["train: images\n", "val: images\n", "names:\n", *rows])


def _line(size: tuple[int, int], tracks: Tracks, row: int, places: dict[int, int], scores: bool) -> str:
    found = tracks.detections
    width, height = size
    mask = paste_mask(found.roi_masks[row], found.boxes[row], height, width)
    points = polygon_of(mask, "centres")
    if not len(points):
        return ""
    shares = (points - 0.5 + _INTO_PIXEL) / (width, height)
    numbers = " ".join(f"{share:.6f}" for share in shares.reshape(-1))
    score = f" {found.scores[row]:.4f}" if scores else ""
    return f"{places[int(tracks.class_ids[row])]} {numbers}{score}\n"
