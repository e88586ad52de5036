"""`python -m sample_videos.edge_sheet VIDEO DETECTIONS SHEET.png`: the edge of the largest mask, read off and painted.

Pixel for pixel, side by side: the mask as it is exported (cells joined by straight lines, a pixel in or out), and as
it is painted.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.blend import OPAQUE, blend
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.render.palette import COLOURS
from pipeline.render.settings import RenderSettings
from pipeline.render.yuv_colour import yuv_colour
from pipeline.store.reader import DetectionsFile
from pipeline.structures.chunk import Chunk
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.colour.pixels import planar_layout, to_av
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.probe import probe

Picture = NDArray[np.uint8]

_SETTINGS = RenderSettings(style=("masks", "outlines"))


def edge_sheet(video: Path, detections: Path, number: int, width: int, height: int) -> Picture:
    """uint8 [height, 2 * width, 3], blue first: a frame's largest object, as exported and as painted.

    Raises ValueError where nothing is shown in that frame.
    """
    info = probe(video)
    with DetectionsFile(detections) as file:
        (tracks,), names = file.read_tracks(number, number + 1), file.header.class_names
    kept = np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= _SETTINGS.conf))
    if not len(kept):
        raise ValueError(f"{detections} shows nothing in frame {number}")
    boxes = tracks.detections.boxes[kept]
    largest = tracks[kept[[int(np.argmax(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)))]]]
    planner = LabelPlanner(_SETTINGS, info.width, info.height, names)
    _, (labels,) = planner.follow(planner.start(), [(0.0, largest)])
    frame = _frame(info, number)
    colour = COLOURS[labels.colours[0]]
    sides = (_exported(frame, largest, colour), Overlay(_SETTINGS, names).paint(frame, largest, labels))
    x1, y1, x2, y2 = largest.detections.boxes[0].tolist()
    left = min(max(round((x1 + x2 - width) / 2), 0), info.width - width)
    top = min(max(round((y1 + y2 - height) / 2), 0), info.height - height)
    pictures = [to_av(side, info, planar_layout(info)).to_ndarray(format="bgr24") for side in sides]
    return np.hstack([one[top : top + height, left : left + width] for one in pictures])


def _frame(info: VideoInfo, number: int) -> YuvFrame:
    whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
    for decoded in decode_yuv(info, whole):
        if decoded.number == number:
            return decoded.picture
    raise ValueError(f"{info.path} has no frame {number}")


def _exported(frame: YuvFrame, tracks: Tracks, rgb: tuple[int, int, int]) -> YuvFrame:
    """The mask as paste_mask reads it off, with its rim as a line."""
    painted = replace(frame, y=frame.y.copy(), u=frame.u.copy(), v=frame.v.copy())
    found = tracks.detections
    mask = paste_mask(found.roi_masks[0], found.boxes[0], frame.height, frame.width)
    pixels = mask.pixels.astype(np.uint8)
    inner = cv2.erode(
        pixels, np.ones((3, 3), np.uint8), iterations=2, borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    alpha = np.where(pixels > inner, OPAQUE, np.rint(_SETTINGS.alpha * OPAQUE) * pixels).astype(np.uint8)
    colour = yuv_colour(rgb, frame.matrix, frame.bit_depth, full_range=frame.full_range)
    blend(painted, mask.left, mask.top, alpha, colour)
    return painted


def main() -> None:
    """Write the sheet that the arguments ask for, and say where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.edge_sheet",
        description="The edge of a frame's largest mask, as exported and as painted.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("video", type=Path, help="the source of a run")
    parser.add_argument("detections", type=Path, help="detections.parquet of that run")
    parser.add_argument("sheet", type=Path, help="a .png; overwritten if it is there")
    parser.add_argument("--frame", type=int, default=150, help="its number, from 0")
    parser.add_argument("--width", type=int, default=440, help="of either side, in px")
    parser.add_argument("--height", type=int, default=400, help="in px")
    wanted = parser.parse_args()
    sheet = edge_sheet(wanted.video, wanted.detections, wanted.frame, wanted.width, wanted.height)
    wanted.sheet.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(wanted.sheet), sheet):
        raise OSError(f"{wanted.sheet} could not be written")
    sys.stdout.write(f"{wanted.sheet}\n")


if __name__ == "__main__":
    main()
