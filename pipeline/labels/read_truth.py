"""Read labels from COCO files, of a folder of pictures or of the frames of a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco

from pipeline.errors import InputError
from pipeline.labels.coco_folder import (
    PictureEntry,
    annotated_box,
    annotated_category,
    label_scope,
    picture_size,
    read_annotations,
    told_as_input,
)
from pipeline.labels.mask_runs import mask_runs
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
    kind = int if key == "frame_index" else str
    if not keys or not all(isinstance(one, kind) for one in keys) or len(set(keys)) != len(keys):
        raise InputError(
            f"{path} does not say which picture is which frame.",
            found=f"{key} is missing, not unique, or no {'whole number' if kind is int else 'text'}"
            if keys
            else "no pictures",
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
    name = str(record.get("file_name", f"frame {frame}"))
    with told_as_input(f"The record of {name} in the labels"):
        size, scope = picture_size(record), label_scope(record, names)
    objects = []
    for annotation in annotations:
        with told_as_input(f"Annotation {annotation.get('id')} of {name} in the labels"):
            objects.append(_object(annotation, names, size))
    ids = [one.track_id for one in objects if one.track_id is not None and not one.ignored]
    if frame is not None and len(set(ids)) != len(ids):
        raise InputError(
            f"Two objects of {name} in the labels have one track_id.",
            found=f"track_id {next(one for one in ids if ids.count(one) > 1)}",
            do="give each object of a frame an id of its own",
        )
    return TruePicture(name, *size, tuple(objects), scope, file, frame)


def _object(annotation: Mapping[str, Any], names: Mapping[int, str], size: tuple[int, int]) -> TrueObject:
    segmentation = annotation.get("segmentation")
    has_mask = bool(segmentation) and not annotation.get("box_only")
    runs = mask_runs(segmentation, size) if has_mask else None
    has_box = runs is None or "bbox" in annotation
    x, y, width, height = annotated_box(annotation) if has_box else coco.toBbox(runs)
    area = annotation.get("area")
    if area is None:
        area = width * height if runs is None else coco.area(runs)
    return TrueObject(
        category=annotated_category(annotation, names),
        box=np.array([x, y, x + width, y + height], np.float64),
        area=float(area),
        runs=runs,
        ignored=bool(annotation.get("iscrowd", 0)),
        track_id=_track_id(annotation.get("track_id")),
    )


def _track_id(value: Any) -> int | None:
    if value is not None and int(value) != value:
        raise ValueError(f"the track_id {value!r}, which is no whole number")
    return None if value is None else int(value)
