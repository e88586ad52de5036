"""How true what is painted is, against a drawn film's truth: a line for each run.

    python benchmarks/painted.py TRUTH.json.gz RUN.mp4.seg-run/detections.parquet ...

Of each true object in each frame, the painted mask that it has most in common with: `iou` is the mean of their IoU
over near objects, `far` over the others, 0 where nothing is painted. `seen` is the share of near ones, in frames, with
an IoU of a half or more; `late` and `early` count the frames from such an object's first to the first in which it is
seen, and from the last in which it is seen to its last. `mixed` is the share of the painted pixels that have the tint
of several objects, `wrong` the share of which the object painted last is another than the one that is there, by the
pairs that have a half or more in common. Near is what is named by default: the root of its box's area is 0.085 of the
picture's height.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco

from pipeline.labels.read_truth import truth_of_video
from pipeline.labels.truth import TruePicture, Truth
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Layer, Overlay
from pipeline.render.settings import RenderSettings
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.tracks import Tracks
from pipeline.track.settings import TrackSettings
from pipeline.track.steadying import TrackedFrame, steadied

NEAR, SEEN = 0.085, 0.5
#: Alpha from which on a pixel is the object's, with masks alone: half of the fill.
_OWN = 0.225 * 255


def main() -> None:
    """Print the lines."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("truth", type=Path, help="the film's labels")
    parser.add_argument("runs", nargs="+", type=Path, help="files of stored detections, tracked")
    options = parser.parse_args()
    truth = truth_of_video(options.truth)
    for path in options.runs:
        with DetectionsFile(path) as file:
            figures = measured(file.header, file.read_tracks(), truth)
        name = path.parent.name.removesuffix(".seg-run")
        print(name, *(f"{key} {value:.4g}" for key, value in figures.items()), sep="  ")


def measured(header: Header, tracks: list[Tracks], truth: Truth) -> dict[str, float]:
    """The figures of a film."""
    settings, size = RenderSettings(style=("masks",)), (header.height, header.width)
    overlay = Overlay(settings, header.class_names)
    planner = LabelPlanner(settings, header.width, header.height, header.class_names)
    planned = list(planner.film(zip(header.seconds.tolist(), tracks, strict=True)))
    motions = [header.motion(header.first_frame + place) for place in range(len(tracks))]
    frames = [TrackedFrame(*one) for one in zip(header.seconds.tolist(), tracks, motions, strict=True)]
    near: dict[int, list[float]] = defaultdict(list)
    far: list[float] = []
    pixels = np.zeros(3, np.int64)
    painted = steadied(frames, TrackSettings().steady, size)
    for here, labels, picture in zip(painted, planned, truth.pictures, strict=True):
        layers = [layer for _, layer in overlay.object_layers(overlay.in_order(here, labels), *size)]
        own = [_on_frame(layer, size) for layer in layers]
        best, which = _best(own, picture)
        for place, one in enumerate(picture.objects):
            if _is_near(picture, place):
                assert one.track_id is not None
                near[one.track_id].append(best[place])
            else:
                far.append(best[place])
        pixels += _pixels(own, picture, best, which)
    ious = np.concatenate([np.array(one) for one in near.values()])
    seen = [np.flatnonzero(np.array(one) >= SEEN) for one in near.values()]
    return {
        "iou": float(ious.mean()),
        "far": float(np.mean(far)) if far else 0.0,
        "seen": float((ious >= SEEN).mean()),
        "late": sum(int(one[0]) for one in seen if len(one)),
        "early": sum(
            len(all_) - 1 - int(one[-1]) for one, all_ in zip(seen, near.values(), strict=True) if len(one)
        ),
        "mixed": float(pixels[1] / max(pixels[0], 1)),
        "wrong": float(pixels[2] / max(pixels[0], 1)),
    }


def _on_frame(layer: Layer, size: tuple[int, int]) -> NDArray[np.bool_]:
    frame = np.zeros(size, np.bool_)
    rows, columns = layer.alpha.shape
    frame[layer.top : layer.top + rows, layer.left : layer.left + columns] = layer.alpha >= _OWN
    return frame


def _best(own: list[NDArray[np.bool_]], picture: TruePicture) -> tuple[list[float], list[int]]:
    """For each true mask the greatest IoU with a painted one, and that one's place."""
    if not own or not picture.objects:
        return [0.0] * len(picture.objects), [-1] * len(picture.objects)
    runs = coco.encode(np.asfortranarray(np.stack(own, axis=2).astype(np.uint8)))
    shares = coco.iou(runs, [one.runs for one in picture.objects], [False] * len(picture.objects))
    return shares.max(axis=0).tolist(), shares.argmax(axis=0).tolist()


def _is_near(picture: TruePicture, place: int) -> bool:
    x1, y1, x2, y2 = picture.objects[place].box.tolist()
    return bool((x2 - x1) * (y2 - y1) >= (NEAR * picture.height) ** 2)


def _pixels(
    own: list[NDArray[np.bool_]], picture: TruePicture, best: list[float], which: list[int]
) -> NDArray[np.int64]:
    """How many pixels are painted, how many for several objects, and how many of those there for a wrong one."""
    size = picture.height, picture.width
    times, owner, true = np.zeros(size, np.uint8), np.full(size, -1, np.int16), np.full(size, -1, np.int16)
    for place, one in enumerate(own):
        times += one
        owner[one] = place
    for thing, iou, place in zip(picture.objects, best, which, strict=True):
        if iou >= SEEN:
            true[np.asarray(coco.decode(thing.runs), np.bool_)] = place
    wrong = (owner >= 0) & (true >= 0) & (owner != true)
    return np.array([np.count_nonzero(times), np.count_nonzero(times > 1), np.count_nonzero(wrong)])


if __name__ == "__main__":
    main()
