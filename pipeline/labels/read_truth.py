"""Read labels from COCO files, of a folder of pictures or of the frames of a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco

from pipeline.errors import InputError
from pipeline.labels.coco_folder import PictureEntry, mask_runs, read_annotations
from pipeline.labels.truth import TrueObject, TruePicture, Truth


def truth_of_pictures(entries: Sequence[PictureEntry], names: Mapping[int, str]) -> Truth:
    """The labels of a folder's pictures, in the order of `entries`."""
    pictures = tuple(
        _picture(entry.record, entry.annotations, names, file=entry.file, frame=None) for entry in entries
    )
    return Truth(pictures, names)


def truth_of_video(path: Path) -> Truth:
    """The labels of a video's frames, ordered by `frame_index`, or if there is none by `file_name`.

    Raises InputError if the file cannot be read, or an index or name is missing or not unique.
    """
    content = read_annotations(path)
    key = "frame_index" if any("frame_index" in record for record in content.records) else "file_name"
    keys = [record.get(key) for record in content.records]
    if not keys or None in keys or len(set(keys)) != len(keys):
        raise InputError(
            f"{path} does not say which picture is which frame.",
            found=f"{key} is missing or not unique" if keys else "no pictures",
            do="add a `frame_index` to each picture, from 0 in presentation order, or name all frames in that order",
        )
    records = sorted(content.records, key=lambda record: record[key])
    pictures = tuple(
        _picture(
            record,
            content.by_picture[record["id"]],
            content.names,
            file=_beside(path, record),
            frame=int(record["frame_index"]) if key == "frame_index" else place,
        )
        for place, record in enumerate(records)
    )
    return Truth(pictures, content.names)


def _beside(path: Path, record: Mapping[str, Any]) -> Path | None:
    """The frame's picture beside the labels, if there is one."""
    name = str(record.get("file_name", ""))
    files = (path.parent / name, path.parent / "images" / name)
    return next((file for file in files if file.is_file()), None)


def _picture(
    record: Mapping[str, Any],
    annotations: Sequence[Mapping[str, Any]],
    names: Mapping[int, str],
    file: Path | None,
    frame: int | None,
) -> TruePicture:
    size = int(record["height"]), int(record["width"])
    scope = record.get("label_scope")
    return TruePicture(
        str(record.get("file_name", f"frame {frame}")),
        *size,
        tuple(_object(annotation, size) for annotation in annotations),
        frozenset(names if scope is None else scope),
        file,
        frame,
    )


def _object(annotation: Mapping[str, Any], size: tuple[int, int]) -> TrueObject:
    segmentation = annotation.get("segmentation")
    has_mask = bool(segmentation) and not annotation.get("box_only")
    runs = mask_runs(segmentation, size) if has_mask else None
    x, y, width, height = annotation["bbox"] if runs is None or "bbox" in annotation else coco.toBbox(runs)
    area = annotation.get("area")
    if area is None:
        area = width * height if runs is None else coco.area(runs)
    return TrueObject(
        category=int(annotation["category_id"]),
        box=np.array([x, y, x + width, y + height], np.float64),
        area=float(area),
        runs=runs,
        ignored=bool(annotation.get("iscrowd", 0)),
        track_id=annotation.get("track_id"),
    )
