"""Frames of a clip as several networks see them, side by side, and how many objects each shows.

    python -m research.frame_sheet CLIP.mp4 sheet.png --every 15 --model before.safetensors --model dashcam-lite

Frames are looked at one by one, without the tracks that a run has.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import InputError, SegVideoError
from pipeline.networks.registry import load
from pipeline.structures.detections import Detections
from pipeline.structures.masks import paste_mask

#: Colours by category, RGB.
COLOURS = {1: (230, 60, 60), 2: (240, 160, 30), 3: (60, 140, 240), 4: (200, 80, 220), 6: (40, 200, 200),
           8: (120, 110, 240), 10: (90, 220, 90), 13: (250, 230, 60)}  # fmt: skip
_OTHER = (255, 255, 255)
#: px of a tile's width.
_WIDTH = 640


def frames_of(path: Path, every: int) -> list[NDArray[np.uint8]]:
    """Every `every`-th frame uint8 RGB of a video. Raises InputError where none can be read."""
    video, frames, index = cv2.VideoCapture(str(path)), [], 0
    while True:
        there, frame = video.read()
        if not there:
            break
        if index % every == 0:
            frames.append(np.ascontiguousarray(frame[..., ::-1]).astype(np.uint8))
        index += 1
    if not frames:
        raise InputError(f"{path} has no frame that can be read.", do="give a video")
    return frames


def shown(found: Detections, least_score: float) -> list[int]:
    """Places of the detections that score enough."""
    return [place for place, score in enumerate(found.scores) if score >= least_score]


def painted(
    frame: NDArray[np.uint8], found: Detections, names: Mapping[int, str], least_score: float
) -> NDArray[np.uint8]:
    """The frame with what is shown on it, a tile's width wide."""
    canvas = frame.copy()
    for place in shown(found, least_score):
        category, box = int(found.class_ids[place]), found.boxes[place]
        colour = COLOURS.get(category, _OTHER)
        mask = paste_mask(found.roi_masks[place], box, *frame.shape[:2])
        rows, columns = mask.pixels.shape
        part = canvas[mask.top : mask.top + rows, mask.left : mask.left + columns]
        part[mask.pixels] = (0.5 * part[mask.pixels] + 0.5 * np.array(colour)).astype(np.uint8)
        x1, y1, x2, y2 = (int(value) for value in box)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, 1)
        text = f"{names[category]} {found.scores[place]:.2f}"
        cv2.putText(canvas, text, (x1, max(y1 - 3, 9)), cv2.FONT_HERSHEY_SIMPLEX, 0.38, colour, 1)
    height = round(_WIDTH * frame.shape[0] / frame.shape[1])
    return cv2.resize(canvas, (_WIDTH, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path, metavar="CLIP")
    parser.add_argument("output", type=Path, metavar="SHEET.png")
    parser.add_argument("--every", type=int, default=15, help="frames from one to the next (15)")
    parser.add_argument("--conf", type=float, default=0.5, help="least score that is shown (0.5)")
    parser.add_argument("--model", action="append", help="a network, a column of the sheet; repeatable")
    try:
        write_sheet(parser.parse_args())
    except SegVideoError as error:
        sys.exit(str(error))


def write_sheet(arguments: argparse.Namespace) -> None:
    """Write the sheet and print the counts that the arguments ask for."""
    frames = frames_of(arguments.clip, arguments.every)
    columns = []
    for model in arguments.model or ["dashcam-lite"]:
        network = load(model)
        found = [network.segment(frame[None])[0] for frame in frames]
        names = network.class_names
        counts = Counter(
            names[int(one.class_ids[place])] for one in found for place in shown(one, arguments.conf)
        )
        listed = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        sys.stdout.write(f"{model}: {len(frames)} frames, {listed or 'nothing'}\n")
        tiles = [painted(frame, one, names, arguments.conf) for frame, one in zip(frames, found, strict=True)]
        columns.append(np.concatenate(tiles))
    cv2.imwrite(str(arguments.output), np.concatenate(columns, axis=1)[..., ::-1])


if __name__ == "__main__":
    main()
