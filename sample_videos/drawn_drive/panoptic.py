"""Panoptic truth of the clip, as COCO has it: PNGs of segment ids, and a JSON file that says what each segment is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.actor import CATEGORIES
from sample_videos.drawn_drive.canvas import SURFACES, UNNAMED
from sample_videos.drawn_drive.film import Frame
from sample_videos.drawn_drive.truth import is_crowd

#: One frame of so many has panoptic truth.
EVERY = 25

#: A segment's id: of a surface this plus its number, of a thing this plus its identity.
_SURFACE, _THING = 1000, 2000


class PanopticFile:
    """FOLDER/drive_panoptic.json, and a PNG for each frame in the folder drive_panoptic."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "drive_panoptic.json"
        self._pngs = folder / "drive_panoptic"
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, frame: Frame, number: int) -> None:
        """The segments of a frame, whose number from 0 on is the picture's id."""
        ids = np.where(frame.surfaces == UNNAMED, 0, _SURFACE + frame.surfaces.astype(np.int32))
        segments = [_segment(_SURFACE + key, _SURFACE + key) for key in range(1, len(SURFACES))]
        for one in frame.seen:
            ids[one.mask] = _THING + one.identity
            segments.append(_segment(_THING + one.identity, one.category) | {"iscrowd": int(is_crowd(one))})
        areas = dict(zip(*(found.tolist() for found in np.unique(ids, return_counts=True)), strict=True))
        name = f"{number:06d}.png"
        self._write(name, ids)
        height, width = ids.shape
        self._images.append({"id": number, "file_name": name, "width": width, "height": height})
        there = [one | {"area": areas[one["id"]]} for one in segments if one["id"] in areas]
        self._annotations.append({"image_id": number, "file_name": name, "segments_info": there})

    def close(self) -> None:
        """Write the JSON file."""
        categories = [{"id": key, "name": name, "isthing": 1} for key, name in CATEGORIES.items()]
        surfaces = enumerate(SURFACES[1:], _SURFACE + 1)
        categories += [{"id": key, "name": name, "isthing": 0} for key, name in surfaces]
        content = {"images": self._images, "annotations": self._annotations, "categories": categories}
        self._path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")

    def _write(self, name: str, ids: NDArray[np.int32]) -> None:
        self._pngs.mkdir(parents=True, exist_ok=True)
        # OpenCV's order is blue first; COCO's id is red + 256 green + 65536 blue.
        pixels = np.stack([ids >> 16, ids >> 8 & 255, ids & 255], axis=-1).astype(np.uint8)
        if not cv2.imwrite(str(self._pngs / name), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9]):
            raise OSError(f"{self._pngs / name} could not be written")


def _segment(key: int, category: int) -> dict[str, Any]:
    return {"id": key, "category_id": category, "iscrowd": 0}
