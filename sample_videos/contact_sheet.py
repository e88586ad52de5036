"""`python -m sample_videos.contact_sheet VIDEO SHEET.png`: frames of a video side by side, evenly over its length."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def contact_sheet(video: Path, columns: int = 3, rows: int = 3, width: int = 480) -> Picture:
    """uint8 [rows * h, columns * width, 3], blue first: the frames in the middle of equal parts, row by row.

    Raises ValueError where the video ends before its stated length lets each part have a frame.
    """
    tiles = [_tile(frame, seconds, width) for frame, seconds in _frames(video, columns * rows)]
    if len(tiles) < columns * rows:
        raise ValueError(f"{video} has frames for {len(tiles)} of {columns * rows} places of the sheet")
    return np.vstack([np.hstack(tiles[row * columns : (row + 1) * columns]) for row in range(rows)])


def _frames(video: Path, count: int) -> Iterator[tuple[Picture, float]]:
    """The frame that is shown at the middle of each part, and that time in s from the video's start."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        if container.duration is None or stream.time_base is None:
            raise ValueError(f"{video} does not state its length")
        first = (stream.start_time or 0) * stream.time_base
        for part in range(count):
            seconds = container.duration / av.time_base * (part + 0.5) / count
            container.seek(int((seconds + first) / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if frame.time is not None and frame.time + 1e-6 >= seconds + first:
                    yield frame.to_ndarray(format="bgr24"), seconds
                    break


def _tile(frame: Picture, seconds: float, width: int) -> Picture:
    """The frame at the sheet's size, with its time in a corner."""
    height = round(frame.shape[0] * width / frame.shape[1])
    tile = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    text, place = f"{seconds:.1f} s", (width // 40, height - width // 40)
    for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(tile, text, place, cv2.FONT_HERSHEY_SIMPLEX, width / 900, colour, thick, cv2.LINE_AA)
    return tile.astype(np.uint8)


def main() -> None:
    """Write the sheet that the arguments ask for, and say where it is."""
    parser = argparse.ArgumentParser(
        prog="python -m sample_videos.contact_sheet",
        description="Frames of a video side by side.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("video", type=Path)
    parser.add_argument("sheet", type=Path, help="a .png or .jpg; overwritten if it is there")
    parser.add_argument("--columns", type=int, default=3, help="frames side by side")
    parser.add_argument("--rows", type=int, default=3, help="frames one below the other")
    parser.add_argument("--width", type=int, default=480, help="of a frame, in px")
    wanted = parser.parse_args()
    sheet = contact_sheet(wanted.video, wanted.columns, wanted.rows, wanted.width)
    wanted.sheet.parent.mkdir(parents=True, exist_ok=True)
    options = [cv2.IMWRITE_JPEG_QUALITY, 88] if wanted.sheet.suffix in (".jpg", ".jpeg") else []
    if not cv2.imwrite(str(wanted.sheet), sheet, options):
        raise OSError(f"{wanted.sheet} could not be written")
    sys.stdout.write(f"{wanted.sheet}\n")


if __name__ == "__main__":
    main()
