"""`python -m sample_videos.film_sheet VIDEO DETECTIONS SHEET.jpg`: frames that follow each other, twice.

Above as a tracker that only looks forward draws them, from the same detections: a track from the frame on in which it
first reaches --conf, its masks as they were found. Below as the run drew them, once it had looked back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.render.label_planner import LabelPlanner
from pipeline.render.overlay import Overlay
from pipeline.render.settings import RenderSettings
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.structures.chunk import Chunk
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FOUND, Tracks
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.track.settings import TrackSettings
from pipeline.track.steadying import TrackedFrame, steadied
from pipeline.track.tracker import Tracker
from pipeline.video.colour.pixels import planar_layout, to_av
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.probe import probe

Picture = NDArray[np.uint8]

#: x, y, width and height in px.
Region = tuple[int, int, int, int]

_QUALITY = 85

#: Frames behind the last one that steady it, at 60 a second or less.
_MORE_FRAMES = 12


def film_sheet(video: Path, detections: Path, frames: Sequence[int], region: Region | None) -> Picture:
    """uint8 [2 * h, frames * w, 3], blue first: the frames, ascending, or a region of each.

    Raises ValueError where the video has not all of them.
    """
    info = probe(video)
    with DetectionsFile(detections) as file:
        header, after = (
            file.header,
            file.read_tracks(0, min(frames[-1] + _MORE_FRAMES, file.header.stop_frame)),
        )
    before = forward_tracks(header, [one.detections[one.origins == FOUND] for one in after])
    film = [
        TrackedFrame(seconds, tracks, header.motion(header.first_frame + place))
        for place, (seconds, tracks) in enumerate(zip(header.seconds.tolist(), after, strict=False))
    ]
    steady = steadied(film, TrackSettings().steady, (info.height, info.width))
    pictures = _decoded(info, frames)
    x, y, width, height = region or (0, 0, info.width, info.height)
    rows = []
    for shown in (before, list(steady)):
        painted = _painted(info, header, shown, pictures)
        rows.append(np.hstack([one[y : y + height, x : x + width] for one in painted]))
    return np.vstack(rows)


def forward_tracks(header: Header, found: Sequence[Detections]) -> list[Tracks]:
    """The tracks of a film's first frames when nothing of what comes after a frame is known."""
    tracker, tracked = Tracker(TrackSettings(), header.class_names), []
    state = tracker.start()
    for place, (seconds, detections) in enumerate(zip(header.seconds.tolist(), found, strict=False)):
        state = tracker.moved(state, header.motion(header.first_frame + place))
        state, tracks = tracker.step(state, seconds, detections)
        tracked.append(tracks)
    return tracked


def _decoded(info: VideoInfo, frames: Sequence[int]) -> dict[int, YuvFrame]:
    whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
    pictures: dict[int, YuvFrame] = {}
    for decoded in decode_yuv(info, whole):
        if decoded.number in frames:
            pictures[decoded.number] = decoded.picture
        if len(pictures) == len(frames):
            return pictures
    raise ValueError(f"{info.path} has {info.frame_count} frames, asked for are {list(frames)}")


def _painted(
    info: VideoInfo, header: Header, film: Sequence[Tracks], pictures: Mapping[int, YuvFrame]
) -> list[Picture]:
    """The pictures with their tracks; labels have gone through the film up to there."""
    settings = RenderSettings()
    planner = LabelPlanner(settings, info.width, info.height, header.class_names)
    labels = list(planner.film(zip(header.seconds.tolist(), film, strict=False)))
    overlay = Overlay(settings, header.class_names)
    painted = [overlay.paint(picture, film[number], labels[number]) for number, picture in pictures.items()]
    return [to_av(one, info, planar_layout(info)).to_ndarray(format="bgr24") for one in painted]


def _region(text: str) -> Region:
    numbers = [int(number) for number in text.split(",")]
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"{text} is not X,Y,W,H")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def main() -> None:
    """Write the sheet that the arguments ask for, and say where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.film_sheet",
        description="Frames that follow each other: looking forward alone, and as the run drew them.",
    )
    parser.add_argument("video", type=Path, help="the source of a run")
    parser.add_argument("detections", type=Path, help="detections.parquet of that run")
    parser.add_argument("sheet", type=Path, help="a .jpg; overwritten if it is there")
    parser.add_argument(
        "--frames", type=int, nargs="+", required=True, help="their numbers, from 0, ascending"
    )
    parser.add_argument("--region", type=_region, help="X,Y,W,H in px; the whole frame without it")
    wanted = parser.parse_args()
    sheet = film_sheet(wanted.video, wanted.detections, wanted.frames, wanted.region)
    wanted.sheet.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(wanted.sheet), sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]):
        raise OSError(f"{wanted.sheet} could not be written")
    sys.stdout.write(f"{wanted.sheet}\n")


if __name__ == "__main__":
    main()
