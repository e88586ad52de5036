"""How steadily objects are painted, over the tracks of finished runs: a line for each run.

    python benchmarks/flicker.py RUN.mp4.seg-run/detections.parquet ... [--steady 0.5]

Of each track and each two consecutive frames in which it is painted, what is seen of it (mask and outline, less what
nearer objects lay over it) is carried along from the first to the second, and both are compared: IoU, the lesser of
both alphas over the greater, summed over the pixels. Carried along means by the camera's motion, and by the object's
own as the median of its boxes over 0.2 s to each side has it: what moves or comes nearer evenly has an IoU of 1.
`flicker` is what is missing to that, on average; `jumps` the share of the pairs that have less than a half in common.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.blend import OPAQUE
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Layer, Overlay
from pipeline.render.settings import RenderSettings
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.track.extrapolation import carried_shapes, to_shape
from pipeline.track.settings import TrackSettings
from pipeline.track.steadying import TrackedFrame, steadied

JUMP, SMOOTH_SECONDS = 0.5, 0.2
MARGIN_PX = 8

Floats = NDArray[np.float64]
Seen = dict[int, Layer]


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="files of stored detections, tracked")
    parser.add_argument("--steady", type=float, default=TrackSettings().steady, help="as the setting")
    options = parser.parse_args()
    for path in options.runs:
        with DetectionsFile(path) as file:
            header, tracks = file.header, file.read_tracks()
        figures = measured(header, tracks, options.steady)
        name = path.parent.name.removesuffix(".seg-run")
        print(name, *(f"{key} {value:.3f}" for key, value in figures.items()), sep="  ")


def measured(header: Header, tracks: list[Tracks], weight: float) -> dict[str, float]:
    """The figures of a film."""
    settings, size = RenderSettings(), (header.height, header.width)
    overlay, seconds = Overlay(settings, header.class_names), header.seconds.tolist()
    planner = LabelPlanner(settings, header.width, header.height, header.class_names)
    planned = list(planner.film(zip(seconds, tracks, strict=True)))
    motions = [header.motion(header.first_frame + place) for place in range(len(tracks))]
    frames = [TrackedFrame(*entry) for entry in zip(seconds, tracks, motions, strict=True)]
    paths = _paths(frames)
    common: list[float] = []
    before: Seen = {}
    for place, painted in enumerate(steadied(frames, weight, size)):
        here = _seen(overlay, overlay.in_order(painted, planned[place]), size)
        common += [
            _common(before[key], layer, paths[key][place - 1], paths[key][place])
            for key, layer in here.items()
            if key in before
        ]
        before = here
    shares = np.array(common)
    return {
        "flicker": float(1 - shares.mean()) if len(shares) else 0.0,
        "jumps": float((shares < JUMP).mean()) if len(shares) else 0.0,
    }


def _paths(frames: list[TrackedFrame]) -> dict[int, dict[int, Floats]]:
    """By track and place of the frame, where the object evenly is: centre and log size [4]."""
    cameras = [np.eye(3)]
    for frame in frames[1:]:
        cameras.append(np.concatenate([frame.motion.matrix, [[0.0, 0.0, 1.0]]]) @ cameras[-1])
    shapes: dict[int, dict[int, Floats]] = defaultdict(dict)
    for place, frame in enumerate(frames):
        for row in np.flatnonzero(frame.tracks.track_ids != NO_TRACK).tolist():
            box = frame.tracks.detections.boxes[row].astype(np.float64)
            shapes[int(frame.tracks.track_ids[row])][place] = to_shape(box)
    step = float(np.median(np.diff([frame.seconds for frame in frames]))) if len(frames) > 1 else 1.0
    most = max(round(SMOOTH_SECONDS / step), 1)
    return {key: _smoothed(own, cameras, most) for key, own in shapes.items()}


def _smoothed(own: dict[int, Floats], cameras: list[Floats], most: int) -> dict[int, Floats]:
    """The median of each place's shape and as many of those around, up to `most` on either side."""
    places = list(own)
    smoothed = {}
    for number, place in enumerate(places):
        reach = min(most, number, len(places) - 1 - number)
        around = [
            carried_shapes(own[other], cameras[place] @ np.linalg.inv(cameras[other]))
            for other in places[number - reach : number + reach + 1]
        ]
        smoothed[place] = np.median(around, axis=0)
    return smoothed


def _seen(overlay: Overlay, tracks: Tracks, size: tuple[int, int]) -> Seen:
    """By track, what is seen of it: float32 alpha, 0..1, less what lies over it."""
    free, seen = np.ones(size, np.float32), Seen()
    for row, (left, top, alpha) in reversed(list(overlay.object_layers(tracks, *size))):
        part = free[top : top + alpha.shape[0], left : left + alpha.shape[1]]
        own = alpha.astype(np.float32) / OPAQUE
        seen[int(tracks.track_ids[row])] = Layer(left, top, own * part)
        part *= 1 - own
    return seen


def _common(before: Layer, after: Layer, old: Floats, new: Floats) -> float:
    """IoU of two layers, the first carried along as the object goes from shape to shape."""
    scale = np.exp(new[2:] - old[2:])
    origin = np.array([after.left, after.top]) - MARGIN_PX
    # Pixel (x, y) of a layer has its middle half a pixel on.
    shift = new[:2] - 0.5 - origin - scale * (old[:2] - 0.5 - [before.left, before.top])
    matrix = np.array([[scale[0], 0.0, shift[0]], [0.0, scale[1], shift[1]]])
    there = np.pad(after.alpha, MARGIN_PX)
    carried = cv2.warpAffine(before.alpha, matrix, there.shape[::-1])
    outside = max(float(before.alpha.sum()) * float(np.prod(scale)) - float(carried.sum()), 0.0)
    either = float(np.maximum(carried, there).sum()) + outside
    return float(np.minimum(carried, there).sum()) / either if either >= 1.0 else 1.0


if __name__ == "__main__":
    main()
