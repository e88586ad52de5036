"""How still labels are, and how clear colours, planned anew over the tracks of finished runs: a line for each run.

    python benchmarks/label_moves.py RUN.mp4.seg-run/detections.parquet ... [--labels auto|all]

`seconds` are those in which labels are drawn, summed over them, and by a second of these: `moves`, how often a label
goes to another side of its object (above, inside, below, left, right); `jerks`, how often its speed changes by more
than a hundredth of the picture's height a frame; `blinks`, how often it is gone for less than a second.
`covers` is the share of labels that hide more than a tenth of another near object's box, or have more than half of
themselves on it. Near is what is named by default: the root of its area is 0.085 of the picture's height.
`crosses` is the share of labels of which another label hides, or is hidden by, more than a tenth.
`alike` is the share of pairs of objects less than a fiftieth of the picture's width apart whose colours are hard to
tell from each other: a contrast (palette.contrasts) under 0.2. `same` is the share of pairs of near objects, anywhere
in the picture, that have one colour.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.render.frame_labels import NOWHERE, FrameLabels
from pipeline.render.label import label_text
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.palette import contrasts
from pipeline.render.plate import capitals_px, plate_size
from pipeline.render.settings import RenderSettings
from pipeline.render.shown import ShownTracks
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import Tracks

NEAR, JERK, BLINK_SECONDS = 0.085, 0.01, 1.0
HIDES, LIES, CROSSES = 0.1, 0.5, 0.1
BESIDE, HARD = 0.02, 0.2

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """A label in a frame: place of the frame, its time in s, its box and its object's, x1, y1, x2, y2 in px."""

    place: int
    seconds: float
    plate: Floats
    box: Floats

    @property
    def side(self) -> str:
        """Where it is beside its object."""
        x1, y1, x2, y2 = self.plate
        left, top, right, bottom = self.box
        middle, height = (x1 + x2) / 2, (y1 + y2) / 2
        if height < top or height > bottom:
            return "above" if height < top else "below"
        return "inside" if left <= middle <= right else "left" if middle < left else "right"


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="files of stored detections, tracked")
    parser.add_argument("--labels", default="auto", choices=("auto", "all"), help="which objects are named")
    options = parser.parse_args()
    for path in options.runs:
        with DetectionsFile(path) as file:
            header, tracks = file.header, file.read_tracks()
        figures = measured(header, tracks, RenderSettings(labels=options.labels))
        name = path.parent.name.removesuffix(".seg-run")
        print(name, *(f"{key} {value:.3f}" for key, value in figures.items()), sep="  ")


def measured(header: Header, tracks: list[Tracks], settings: RenderSettings) -> dict[str, float]:
    """The figures of a film."""
    planner = LabelPlanner(settings, header.width, header.height, header.class_names)
    seconds = header.seconds.tolist()
    planned = list(planner.film(zip(seconds, tracks, strict=True)))
    shown = ShownTracks(settings, header.class_names)
    drawn: dict[int, list[Label]] = defaultdict(list)
    covering, crossing, alike, beside, same, pairs_of_near = 0, 0, 0, 0, 0, 0
    for place, (time, here, labels) in enumerate(zip(seconds, map(shown.of, tracks), planned, strict=True)):
        rows = {int(track_id): row for row, track_id in enumerate(here.track_ids)}
        plates = _plates(header, here, labels, rows)
        boxes = here.detections.boxes.astype(np.float64)
        placed = boxes[[rows[key] for key in labels.track_ids.tolist()]].reshape(-1, 4)
        clear = neighbours_contrasts(placed, labels.colours, header.width)
        alike, beside = alike + int((clear < HARD).sum()), beside + len(clear)
        one, other = near_pairs(placed, header.height)
        same += int((labels.colours[one] == labels.colours[other]).sum())
        pairs_of_near += len(one)
        crossing += crossing_labels(list(plates.values()))
        for track_id, plate in plates.items():
            drawn[track_id].append(Label(place, time, plate, boxes[rows[track_id]]))
            covering += _covers(plate, np.delete(boxes, rows[track_id], axis=0), header.height)
    frame_seconds = float(np.median(np.diff(seconds)))
    count = max(sum(map(len, drawn.values())), 1)
    pairs = [pair for one in drawn.values() for pair in pairwise(one)]
    following = [(old, new) for old, new in pairs if new.place == old.place + 1]
    far = JERK * header.height
    runs = [run for one in drawn.values() for run in zip(one, one[1:], one[2:], strict=False)]
    events = {
        "moves": sum(old.side != new.side for old, new in following),
        "jerks": sum(
            new.place == old.place + 2 and float(np.hypot(*(new.plate - 2 * mid.plate + old.plate)[:2])) > far
            for old, mid, new in runs
        ),
        "blinks": sum(
            new.place > old.place + 1 and new.seconds - old.seconds < BLINK_SECONDS for old, new in pairs
        ),
    }
    rates = {name: number / (count * frame_seconds) for name, number in events.items()}
    return {
        "seconds": count * frame_seconds,
        **rates,
        "covers": covering / count,
        "crosses": crossing / count,
        "alike": alike / max(beside, 1),
        "same": same / max(pairs_of_near, 1),
    }


def are_near(boxes: Floats, height: int) -> NDArray[np.bool_]:
    """Bool [N]: which objects with these boxes [N, 4], px, are near in a picture of this height."""
    return np.asarray(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) >= (NEAR * height) ** 2)


def near_pairs(boxes: Floats, height: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of each two of the objects with these boxes [N, 4], px, that are near in a picture of this height."""
    near = np.flatnonzero(are_near(boxes, height))
    one, other = np.triu_indices(len(near), 1)
    return near[one], near[other]


def neighbours_contrasts(boxes: Floats, colours: NDArray[np.int64], width: int) -> Floats:
    """The contrast of the colours of each two of N objects that are beside each other in a picture of this width.

    boxes : float [N, 4], x1, y1, x2, y2 in px. colours : int [N], index into palette.COLOURS.
    """
    one, other = np.triu_indices(len(boxes), 1)
    gaps = np.maximum(boxes[one, :2] - boxes[other, 2:], boxes[other, :2] - boxes[one, 2:])
    near = np.hypot(*np.maximum(gaps, 0.0).T) < BESIDE * width
    return np.asarray(contrasts()[colours[one[near]], colours[other[near]]])


def _plates(header: Header, here: Tracks, labels: FrameLabels, rows: dict[int, int]) -> dict[int, Floats]:
    """By track, the box of its label."""
    capitals, plates = capitals_px(header.height), {}
    for track_id, (left, top) in zip(labels.track_ids.tolist(), labels.places.tolist(), strict=True):
        if left != NOWHERE:
            name = header.class_names[int(here.class_ids[rows[track_id]])]
            height, width = plate_size(label_text(name, track_id, None), capitals)
            plates[track_id] = np.array([left, top, left + width, top + height], np.float64)
    return plates


def crossing_labels(plates: Sequence[Floats]) -> int:
    """How many of the labels share more than CROSSES of their own extent with another one."""
    boxes = np.array(plates).reshape(-1, 4)
    sides = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    shared = np.prod(np.maximum(sides, 0.0), axis=2)
    own = np.diagonal(shared)[:, None]
    return int(((shared > CROSSES * own) & ~np.eye(len(boxes), dtype=np.bool_)).any(axis=1).sum())


def _covers(plate: Floats, others: Floats, height: int) -> bool:
    """True if a label hides a good part of another near object, or lies on it."""
    near = others[are_near(others, height)]
    sides = np.minimum(plate[2:], near[:, 2:]) - np.maximum(plate[:2], near[:, :2])
    shared = np.prod(np.maximum(sides, 0.0), axis=1)
    extent = np.prod(near[:, 2:] - near[:, :2], axis=1)
    own = float(np.prod(plate[2:] - plate[:2]))
    return bool(((shared > HIDES * extent) | (shared > LIES * own)).any())


if __name__ == "__main__":
    main()
