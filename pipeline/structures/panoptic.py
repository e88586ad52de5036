"""Things and stuff: which pixel classes are objects too, and a frame in which each pixel belongs to one segment."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.structures.pixel_classes import PixelClasses

#: Names that data sets of pixels give to what networks find as objects under other names: CamVid's and Cityscapes'.
_THINGS = frozenset(
    {"pedestrian", "bicyclist", "person", "rider", "car", "truck", "bus", "motorcycle", "bicycle"}
)


def stuff_classes(classes: PixelClasses, class_names: Mapping[int, str]) -> tuple[int, ...]:
    """Numbers of the pixel classes that are no objects. class_names : of the objects that the network finds."""
    things = _THINGS.union(class_names.values())
    return tuple(number for number, name in enumerate(classes.names) if name not in things)
