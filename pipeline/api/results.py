"""The results of a frame, with the attribute names of YOLO's tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.store.polygons import polygon_of
from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.masks import paste_mask
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.tracks import Tracks


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a video and what was found in it, in pixels of the upright source frame.

    number : position in the video, from 0. seconds : when it is shown.
    detections : everything that the network found, including weak detections.
    tracks : the objects that the video shows, chosen by `conf` and `classes`, each with its track id.
    width, height : of the frame in px. names : name of each class id.
    class_map : uint8 [h, w], the class of each pixel as the video shows it, in the network's own resolution; None if
        the run stores none. pixel_classes : names and colours of its numbers.
    """

    number: int
    seconds: float
    detections: Detections
    tracks: Tracks
    width: int
    height: int
    names: Mapping[int, str]
    class_map: ClassMap | None = None
    pixel_classes: PixelClasses | None = None

    def __repr__(self) -> str:
        # The arrays, which a dataclass would print, fill screens at a prompt.
        shown = f"{len(self.tracks)} tracks, {len(self.detections)} detections"
        return f"<Frame {self.number} at {self.seconds:.3f} s: {shown}>"

    @property
    def boxes(self) -> Boxes:
        """Boxes of `tracks`, in their order."""
        return Boxes(self.tracks, self.width, self.height)

    @property
    def masks(self) -> Masks:
        """Masks of `tracks`, in their order."""
        return Masks(self.tracks.detections, self.width, self.height)

    def __len__(self) -> int:
        return len(self.tracks)


@dataclass(frozen=True, eq=False)
class Boxes:
    """N boxes of a frame of width x height px."""

    tracks: Tracks
    width: int
    height: int

    @property
    def xyxy(self) -> NDArray[np.float32]:
        """float32 [N, 4]: left, top, right, bottom in px."""
        return self.tracks.detections.boxes

    @property
    def xyxyn(self) -> NDArray[np.float32]:
        """float32 [N, 4]: the same as fractions of the frame's width and height."""
        return self.xyxy / self._size

    @property
    def xywh(self) -> NDArray[np.float32]:
        """float32 [N, 4]: centre, width, height in px."""
        low, high = self.xyxy[:, :2], self.xyxy[:, 2:]
        return np.concatenate([(low + high) / 2, high - low], axis=1)

    @property
    def xywhn(self) -> NDArray[np.float32]:
        """float32 [N, 4]: the same as fractions of the frame's width and height."""
        return self.xywh / self._size

    @property
    def conf(self) -> NDArray[np.float32]:
        """float32 [N]: score of the detection in this frame, 0..1."""
        return self.tracks.detections.scores

    @property
    def cls(self) -> NDArray[np.int32]:
        """int32 [N]: class id, by a vote of the track's detections up to some seconds after this frame."""
        return self.tracks.class_ids

    @property
    def id(self) -> NDArray[np.int64]:
        """int64 [N]: track id, the same for an object throughout the video."""
        return self.tracks.track_ids

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def _size(self) -> NDArray[np.float32]:
        return np.array([self.width, self.height] * 2, np.float32)


@dataclass(frozen=True, eq=False)
class Masks:
    """N masks of a frame of width x height px, computed on access."""

    detections: Detections
    width: int
    height: int

    @property
    def data(self) -> NDArray[np.bool_]:
        """bool [N, height, width]."""
        return self.detections.masks(self.height, self.width)

    @property
    def xy(self) -> list[NDArray[np.float64]]:
        """A closed polygon [points, 2] in px per mask, along the edges of pixels; holes are joined to the outline."""
        found = self.detections
        return [
            polygon_of(paste_mask(mask, box, self.height, self.width), "edges")
            for mask, box in zip(found.roi_masks, found.boxes, strict=True)
        ]

    @property
    def xyn(self) -> list[NDArray[np.float64]]:
        """The same as fractions of the frame's width and height."""
        return [polygon / (self.width, self.height) for polygon in self.xy]

    def __len__(self) -> int:
        return len(self.detections)
