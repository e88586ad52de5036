"""Export detections as one COCO JSON file, with masks as run lengths of the full frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.files import whole_stream
from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.rle import encode_rle
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks


def export_coco(file: DetectionsFile, path: Path, choose: RowChoice = all_rows) -> None:
    """Write `path`: an image per frame, an annotation per detection, a category per class.

    choose : which rows of a frame.
    In addition to COCO's keys an image has `pts` and `seconds`, and an annotation `score` and, if it belongs to a
    track, `track_id`. For pictures, `file_name` is the path as it was given. Only a span of frames is held in memory.
    Raises StoreError and WriteError.
    """
    with whole_stream(path) as stream:
        stream.write(b'{"images":[\n')
        _write_list(stream, _images(file.header))
        stream.write(b'],"annotations":[\n')
        _write_list(stream, _annotations(file, choose))
        stream.write(b'],"categories":[\n')
        names = file.header.class_names
        _write_list(stream, ({"id": key, "name": names[key]} for key in sorted(names)))
        stream.write(b"]}\n")


def _write_list(stream: BinaryIO, entries: Iterable[dict[str, object]]) -> None:
    """Write one entry per line, so that a long file can still be read."""
    separator = ""
    for entry in entries:
        stream.write((separator + json.dumps(entry, separators=(",", ":"))).encode())
        separator = ",\n"


def _images(header: Header) -> Iterator[dict[str, object]]:
    for place, (pts, seconds) in enumerate(zip(header.pts.tolist(), header.seconds.tolist(), strict=True)):
        frame = header.first_frame + place
        width, height = header.size_of(frame)
        entry: dict[str, object] = {"id": frame, "width": width, "height": height}
        if header.pictures:
            yield {**entry, "file_name": header.pictures[place].name}
        else:
            yield {**entry, "file_name": f"{frame:06d}.png", "pts": pts, "seconds": seconds}


def _annotations(file: DetectionsFile, choose: RowChoice) -> Iterator[dict[str, object]]:
    number = 0
    for frame, tracks in file.frames():
        for row in choose(frame, tracks):
            number += 1
            yield {
                "id": number,
                "image_id": frame,
                **_annotation(file.header.size_of(frame), tracks, int(row)),
            }


def _annotation(size: tuple[int, int], tracks: Tracks, row: int) -> dict[str, object]:
    found = tracks.detections
    x1, y1, x2, y2 = (float(edge) for edge in found.boxes[row])
    width, height = size
    mask = paste_mask(found.roi_masks[row], found.boxes[row], height, width)
    entry: dict[str, object] = {
        "category_id": int(tracks.class_ids[row]),
        "bbox": [round(number, 2) for number in (x1, y1, x2 - x1, y2 - y1)],
        "area": int(mask.pixels.sum()),
        "segmentation": encode_rle(mask, height, width),
        "iscrowd": 0,
        "score": round(float(found.scores[row]), 4),
    }
    if tracks.track_ids[row] != NO_TRACK:
        entry["track_id"] = int(tracks.track_ids[row])
    return entry
