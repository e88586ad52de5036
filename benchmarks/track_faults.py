"""Faults that a viewer sees in the tracks of finished runs: road users gone for some frames, boxes where none can be.

    python benchmarks/track_faults.py RUN.mp4.seg-run/detections.parquet ... [--never X,Y,W,H ...]

`holes` counts the stretches of less than half a second in which a near road user's track is not drawn between frames in
which it is, `swaps` those between the end of a near track and the begin of another one at the same place. Near is what
is named by default: the root of its area is 0.085 of the picture's height. `never` counts the tracks that lie in one of
the given regions (own car, sky, road; px) with more than half their box for longer than a second. `flashes` counts the
tracks that are drawn for less than 0.3 s, and begin and end within a scene.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import NO_TRACK
from pipeline.track.association import overlaps
from pipeline.track.settings import ROAD_GROUPS

CONF, NEAR, MISSING_SECONDS, LONG_SECONDS, SAME_PLACE = 0.5, 0.085, 0.5, 1.0, 0.3
FLASH_SECONDS = 0.3
ROAD_USERS = {name for group in ROAD_GROUPS for name in group}

Region = tuple[float, float, float, float]


@dataclass
class Drawn:
    """One track as it is drawn: places of its frames, their times in s, and its boxes."""

    places: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)

    def is_near(self, place: int, height: int) -> bool:
        """True if it is near in its frame number `place`."""
        x1, y1, x2, y2 = self.boxes[place]
        return bool((x2 - x1) * (y2 - y1) >= (NEAR * height) ** 2)


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="files of stored detections, tracked")
    parser.add_argument("--never", action="append", default=[], type=_region, help="X,Y,W,H, may be repeated")
    options = parser.parse_args()
    for path in options.runs:
        with DetectionsFile(path) as file:
            height = file.header.height
            drawn, borders = _drawn(file), _borders(file)
        counts = {
            "tracks": len(drawn),
            "holes": sum(holes(one, height) for one in drawn.values()),
            "swaps": swaps(list(drawn.values()), height),
            "flashes": sum(flashes(one, borders) for one in drawn.values()),
            "never": sum(lies_long(one, options.never) for one in drawn.values()),
        }
        name = path.parent.name.removesuffix(".seg-run")
        print(name, *(f"{key} {value}" for key, value in counts.items()), sep="  ")


def holes(one: Drawn, height: int) -> int:
    """How often a track is missing for less than MISSING_SECONDS, near before and after."""
    return sum(
        after - before > 1
        and one.seconds[place + 1] - one.seconds[place] < MISSING_SECONDS
        and one.is_near(place, height)
        and one.is_near(place + 1, height)
        for place, (before, after) in enumerate(zip(one.places, one.places[1:], strict=False))
    )


def swaps(tracks: Sequence[Drawn], height: int) -> int:
    """How often a near track ends where another near one begins, within MISSING_SECONDS, with a frame between."""
    ends = [one for one in tracks if one.is_near(-1, height)]
    begins = [one for one in tracks if one.is_near(0, height)]
    if not ends or not begins:
        return 0
    last, first = np.array([one.boxes[-1] for one in ends]), np.array([one.boxes[0] for one in begins])
    gap = np.array([[new.seconds[0] - old.seconds[-1] for new in begins] for old in ends])
    frames = np.array([[new.places[0] - old.places[-1] for new in begins] for old in ends])
    near = (frames > 1) & (gap < MISSING_SECONDS) & (overlaps(last, first) >= SAME_PLACE)
    return int(near.any(axis=0).sum())


def flashes(one: Drawn, borders: set[int]) -> bool:
    """True if a track is drawn for less than FLASH_SECONDS, and begins and ends within a scene.

    borders : places of the first frames of scenes, and that after the last one.
    """
    whole = one.places[0] not in borders and one.places[-1] + 1 not in borders
    return whole and one.seconds[-1] - one.seconds[0] < FLASH_SECONDS


def lies_long(one: Drawn, regions: Sequence[Region]) -> bool:
    """True if a track lies in one of the regions for longer than LONG_SECONDS without a break."""
    boxes = np.array(one.boxes)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    for x, y, width, height in regions:
        sides = np.minimum(boxes[:, 2:], [x + width, y + height]) - np.maximum(boxes[:, :2], [x, y])
        began: float | None = None
        inside = np.prod(np.maximum(sides, 0.0), axis=1) > area / 2
        for seconds, there in zip(one.seconds, inside.tolist(), strict=True):
            began = (seconds if began is None else began) if there else None
            if began is not None and seconds - began > LONG_SECONDS:
                return True
    return False


def _borders(file: DetectionsFile) -> set[int]:
    header, count = file.header, len(file.header.pts)
    return {0, count, *(place for place in range(count) if header.motion(header.first_frame + place).cut)}


def _drawn(file: DetectionsFile) -> Mapping[int, Drawn]:
    names, drawn = file.header.class_names, defaultdict[int, Drawn](Drawn)
    frames = zip(file.header.seconds.tolist(), file.read_tracks(), strict=True)
    for place, (seconds, tracks) in enumerate(frames):
        for row in np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= CONF)).tolist():
            if names[int(tracks.class_ids[row])] in ROAD_USERS:
                one = drawn[int(tracks.track_ids[row])]
                one.places.append(place)
                one.seconds.append(seconds)
                one.boxes.append(tracks.detections.boxes[row].astype(np.float64))
    return drawn


def _region(text: str) -> Region:
    numbers = [float(number) for number in text.split(",")]
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"{text} is not X,Y,W,H")
    return numbers[0], numbers[1], numbers[2], numbers[3]


if __name__ == "__main__":
    main()
