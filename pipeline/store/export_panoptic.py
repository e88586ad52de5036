"""Class maps as PNGs of class numbers, and with the objects as COCO panoptic: PNGs of segment ids and one JSON file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WriteError
from pipeline.store.chosen_rows import chosen_rows
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.class_map import ClassMap
from pipeline.structures.panoptic import Segment, merge_panoptic, stuff_classes
from pipeline.structures.pixel_classes import PixelClasses

#: The class map of a frame, by its number.
MapOf = Callable[[int], ClassMap]


def export_png(header: Header, folder: Path, classes: PixelClasses, map_of: MapOf) -> None:
    """Fill `folder`: `labels/000000.png`, ..., an 8-bit class number a pixel in the frame's size, and `classes.json`.

    With the frames as `images` it is a folder that `seg-video train` takes. Raises StoreError and WriteError.
    """
    (folder / "labels").mkdir()
    content = {"classes": classes.by_name, "ignored": sorted(classes.ignored)}
    (folder / "classes.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for frame in range(header.first_frame, header.stop_frame):
        _write(folder / "labels" / f"{frame:06d}.png", _in_frame(header, map_of(frame)))


def export_panoptic(
    file: DetectionsFile, folder: Path, conf: float | None, classes: PixelClasses, map_of: MapOf
) -> None:
    """Fill `folder`: `panoptic/000000.png`, ... and `panoptic.json`, as COCO's panoptic task has them.

    A segment's id is red + 256 green + 65536 blue of its pixels, and stays the same through the film. A category is an
    object's class with its own id, or a class of pixels with an id behind those. conf : see `chosen_rows`; what
    follows no track is left out. Raises StoreError and WriteError.
    """
    header, names = file.header, file.header.class_names
    stuff = stuff_classes(classes, names)
    first_stuff = max(names, default=0) + 1
    (folder / "panoptic").mkdir()
    images, annotations = [], []
    for frame, tracks in file.frames():
        name = f"{frame:06d}.png"
        ids, segments = merge_panoptic(
            tracks[chosen_rows(tracks, conf)], _in_frame(header, map_of(frame)), stuff
        )
        parts = np.stack([ids >> 16, ids >> 8 & 255, ids & 255], axis=-1)  # OpenCV's order: blue first
        _write(folder / "panoptic" / name, parts.astype(np.uint8))
        images.append({"id": frame, "width": header.width, "height": header.height, "file_name": name})
        infos = [_info(ids, one, first_stuff) for one in segments]
        annotations.append({"image_id": frame, "file_name": name, "segments_info": infos})
    content = {
        "images": images,
        "annotations": annotations,
        "categories": list(_categories(file.header, classes, stuff, first_stuff)),
    }
    (folder / "panoptic.json").write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _in_frame(header: Header, class_map: ClassMap) -> ClassMap:
    size = (header.width, header.height)
    return np.asarray(cv2.resize(class_map, size, interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)


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


def _write(path: Path, pixels: NDArray[np.uint8]) -> None:
    if not cv2.imwrite(str(path), pixels):
        raise WriteError(f"Cannot write {path}.", do="free space or name another folder")
