"""Export class maps as PNGs of class numbers, or with the objects as COCO panoptic: PNGs of segment ids and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.files import write_whole
from pipeline.store.chosen_rows import RowChoice
from pipeline.store.class_pictures import class_picture, png, write_class_names, write_class_picture
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.class_map import ClassMap
from pipeline.structures.panoptic import Segment, merge_panoptic, stuff_classes
from pipeline.structures.pixel_classes import PixelClasses

#: The class map of a frame, by its number.
MapOf = Callable[[int], ClassMap]


def export_png(header: Header, folder: Path, classes: PixelClasses, map_of: MapOf) -> None:
    """Write `labels/000000.png` and so on, 8-bit class numbers in the frame's size, and `classes.json`.

    For pictures the files have their names. Together with the frames in `images` this is a data set for
    `seg-video train`. Raises StoreError and WriteError.
    """
    write_class_names(folder, classes)
    for frame, stem in enumerate(header.stems, header.first_frame):
        write_class_picture(class_picture(folder, stem), _in_frame(header, frame, map_of))


def export_panoptic(
    file: DetectionsFile, folder: Path, choose: RowChoice, classes: PixelClasses, map_of: MapOf
) -> None:
    """Write `panoptic/000000.png` and so on, and `panoptic.json`, in the format of COCO's panoptic task.

    A segment's id is red + 256 green + 65536 blue of its pixels, and stays the same throughout the film. Categories are
    the classes of objects with their own ids, and pixel classes with ids after those. choose : which rows of a frame;
    detections without a track are left out. Raises StoreError and WriteError.
    """
    header, names = file.header, file.header.class_names
    stuff = stuff_classes(classes, names)
    first_stuff = max(names, default=0) + 1
    (folder / "panoptic").mkdir()
    images, annotations = [], []
    for (frame, tracks), stem in zip(file.frames(), header.stems, strict=True):
        name = f"{stem}.png"
        ids, segments = merge_panoptic(tracks[choose(frame, tracks)], _in_frame(header, frame, map_of), stuff)
        parts = np.stack([ids >> 16, ids >> 8 & 255, ids & 255], axis=-1)  # OpenCV's order: blue first
        write_whole(folder / "panoptic" / name, png(parts.astype(np.uint8)))
        width, height = header.size_of(frame)
        images.append({"id": frame, "width": width, "height": height, "file_name": name})
        infos = [_info(ids, one, first_stuff) for one in segments]
        annotations.append({"image_id": frame, "file_name": name, "segments_info": infos})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": list(_categories(file.header, classes, stuff, first_stuff)),
    }
    (folder / "panoptic.json").write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _in_frame(header: Header, frame: int, map_of: MapOf) -> ClassMap:
    small, size = map_of(frame), header.size_of(frame)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


def _info(ids: NDArray[np.int32], segment: Segment, first_stuff: int) -> dict[str, Any]:
    pixels = ids == segment.id
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    left, top = int(columns[0]), int(rows[0])
    return {
        "id": segment.id,
        "category_id": segment.category if segment.is_object else first_stuff + segment.category,
        "area": int(pixels.sum()),
        "bbox": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "iscrowd": 0,
    }


def _categories(
    header: Header, classes: PixelClasses, stuff: tuple[int, ...], first_stuff: int
) -> Iterator[dict[str, Any]]:
    names = header.class_names
    for key in sorted(names):
        yield {"id": key, "name": names[key], "supercategory": names[key], "isthing": 1, "color": [0, 0, 0]}
    for number in stuff:
        name, colour = classes.names[number], list(classes.colours[number])
        entry = {"id": first_stuff + number, "name": name, "supercategory": name}
        yield {**entry, "isthing": 0, "color": colour}
