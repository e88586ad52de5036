"""Stored detections as YOLO's text for segmentation: a file a frame, a line an object with its polygon."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline.store.chosen_rows import chosen_rows
from pipeline.store.polygons import polygon_of
from pipeline.store.reader import DetectionsFile
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import Tracks

#: Readers turn shares of the frame into pixels by rounding (supervision) or cutting off (Ultralytics). A point a
#: quarter into its pixel falls into that pixel with both; its centre would not: 2.5 rounds to 2, and 3.5 to 4.
_INTO_PIXEL = 0.25


def export_yolo(
    file: DetectionsFile, folder: Path, conf: float | None = None, *, scores: bool = False
) -> None:
    """Fill `folder`: `labels/000000.txt`, ... (empty for a frame without objects; of pictures,
    by their names), `classes.txt` and `data.yaml`.

    A line is `class x1 y1 x2 y2 ...`: the class is the line of `classes.txt`, from 0; then the polygon in shares of
    the frame. scores : the score stands last, as Ultralytics' save_conf has it; other readers may refuse that.
    conf : see `chosen_rows`. A mask without a pixel has no line.
    """
    names = file.header.class_names
    places = {key: place for place, key in enumerate(sorted(names))}
    (folder / "classes.txt").write_text("".join(f"{names[key]}\n" for key in places), encoding="utf-8")
    (folder / "data.yaml").write_text(_data_yaml([names[key] for key in places]), encoding="utf-8")
    (folder / "labels").mkdir()
    stems = file.header.stems
    for frame, tracks in file.frames():
        rows = chosen_rows(tracks, conf)
        lines = [_line(file.header.size_of(frame), tracks, int(row), places, scores) for row in rows]
        (folder / "labels" / f"{stems[frame - file.header.first_frame]}.txt").write_text(
            "".join(lines), encoding="ascii"
        )


def _data_yaml(names: list[str]) -> str:
    """Ultralytics' description of a data set; JSON's strings are YAML's too.

    It has no `path`: then Ultralytics looks beside this file, and with `path: .` in whatever folder it was started in.
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
