"""Truth: the labels of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A mask as pycocotools takes it: {"size": [height, width], "counts": bytes}.
Runs = dict[str, Any]


@dataclass(frozen=True, eq=False)
class TrueObject:
    """One labelled object or region.

    category : id in the labels' own numbering.
    box : float64 [4], x1, y1, x2, y2 px.
    area : of the mask in px, or of the box if there is none.
    runs : the mask; None if only the box is known.
    ignored : counts as neither right nor wrong: a crowd, a group.
    track_id : the object's number throughout the video; None in pictures.
    """

    category: int
    box: NDArray[np.float64]
    area: float
    runs: Runs | None = None
    ignored: bool = False
    track_id: int | None = None

    @property
    def short_side(self) -> float:
        """The smaller of the box's width and height, in px."""
        return float(min(self.box[2] - self.box[0], self.box[3] - self.box[1]))


@dataclass(frozen=True, eq=False)
class TruePicture:
    """One picture's labels.

    name : file name, or the frame's number. height, width : px. objects : what is labelled.
    scope : categories whose objects are all labelled; detections of others may be right without a label.
    file : the picture's pixels, if they are in a file.
    frame : its number in the video, from 0; None for a single picture.
    """

    name: str
    height: int
    width: int
    objects: tuple[TrueObject, ...]
    scope: frozenset[int]
    file: Path | None = None
    frame: int | None = None


@dataclass(frozen=True, eq=False)
class Truth:
    """Labelled pictures, and the name of each category."""

    pictures: tuple[TruePicture, ...]
    names: Mapping[int, str]
