"""Writes a video as a picture file a frame."""

from __future__ import annotations

from pathlib import Path

import cv2

from pipeline.errors import MediaError
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import decode_rgb
from pipeline.video.read.gaps import without_gaps
from pipeline.video.read.plan import plan


def write_pictures(film: VideoInfo, folder: Path, *, deinterlace: bool = False) -> None:
    """Write `000000.png`, ... into the folder: every frame, upright, in full size; HDR is tone-mapped.

    Those of a part have the numbers of the source. A frame that does not decode shows its neighbour. Raises OSError
    where a file cannot be written, DamagedInputError where no frame decodes.
    """
    info = film.whole
    for chunk in plan(film):
        frames = without_gaps(
            info,
            chunk,
            lambda span: decode_rgb(info, span, info.width, info.height, deinterlace=deinterlace),
        )
        for frame in frames:
            path = folder / f"{frame.number:06d}.png"
            written, content = cv2.imencode(".png", cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR))
            if not written:
                raise MediaError(f"{path} cannot be made of frame {frame.number}.")
            path.write_bytes(content.tobytes())
