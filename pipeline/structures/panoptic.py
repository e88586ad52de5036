"""A frame in which each pixel is of one segment: an object, or all that there is of a class (Kirillov et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.masks import paste_mask
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import NO_TRACK, Tracks

#: Names that data sets of pixels give to what networks find as objects under other names: CamVid's and Cityscapes'.
_THINGS = frozenset(
    {"pedestrian", "bicyclist", "person", "rider", "car", "truck", "bus", "motorcycle", "bicycle"}
)

#: Segment ids from here on are of objects: this plus the track's number. Below are classes: 1 plus their number.
FIRST_OBJECT = 256

#: An object of whose mask less than this share is left by better ones is one of them once more.
_LEAST_LEFT = 0.5


@dataclass(frozen=True)
class Segment:
    """One segment. id : of its pixels, the same in all frames of a film. category : a class id of objects, or a
    number of a pixel class. is_object : which of the two.
    """

    id: int
    category: int
    is_object: bool


def stuff_classes(classes: PixelClasses, class_names: Mapping[int, str]) -> tuple[int, ...]:
    """Numbers of the pixel classes that are no objects. class_names : of the objects that the network finds."""
    things = _THINGS.union(class_names.values())
    return tuple(number for number, name in enumerate(classes.names) if name not in things)


def merge_panoptic(
    tracks: Tracks, class_map: ClassMap, stuff: Sequence[int]
) -> tuple[NDArray[np.int32], list[Segment]]:
    """The segment ids int32 [H, W] of a frame, 0 for a pixel of none, and its segments.

    Objects come first, the best score on top; classes have what those leave (Kirillov et al. 2019, Panoptic Feature
    Pyramid Networks, section 4). tracks : those to take; what follows no track has no id and is left out.
    class_map : in the frame's size. stuff : numbers of the classes to take.
    """
    height, width = class_map.shape
    ids, segments = np.zeros((height, width), np.int32), list[Segment]()
    found = tracks.detections
    for row in np.argsort(-found.scores, kind="stable").tolist():
        if tracks.track_ids[row] == NO_TRACK:
            continue
        left, top, pixels = paste_mask(found.roi_masks[row], found.boxes[row], height, width)
        window = ids[top : top + pixels.shape[0], left : left + pixels.shape[1]]
        free = pixels & (window == 0)
        if not free.any() or free.sum() < _LEAST_LEFT * pixels.sum():
            continue
        segments.append(
            Segment(FIRST_OBJECT + int(tracks.track_ids[row]), int(tracks.class_ids[row]), is_object=True)
        )
        window[free] = segments[-1].id
    for number in stuff:
        pixels = (class_map == number) & (ids == 0)
        if pixels.any():
            segments.append(Segment(1 + number, number, is_object=False))
            ids[pixels] = 1 + number
    return ids, segments
