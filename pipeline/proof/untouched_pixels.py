"""A source, an output and what was painted -> how far the other pixels moved."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.render.overlay import Overlay
from pipeline.store.reader import DetectionsFile
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.read.decode import DecodedFrame, decode_yuv
from pipeline.video.settings import DecodeSettings

#: The largest luma of 8 bit: what PSNR is reckoned from, at any depth.
_PEAK = 255.0


@dataclass
class Untouched:
    """The luma of the pixels that nothing was painted on, source against output.

    frames : that were compared. pixels, area : those of them that nothing was painted on, and all.
    error : sum of the squared differences, in steps of 8 bit. worst, worst_frame : mean squared difference of
    the frame that moved farthest, and its number in the output.
    """

    frames: int = 0
    pixels: int = 0
    area: int = 0
    error: float = field(default=0.0)
    worst: float = -1.0
    worst_frame: int | None = None

    @property
    def psnr_db(self) -> float | None:
        """Over all frames; None where not a single pixel changed, or none was left alone."""
        return _psnr(self.error / self.pixels) if self.pixels else None

    @property
    def worst_db(self) -> float | None:
        """Of the worst frame."""
        return _psnr(self.worst)

    def add(self, number: int, squares: NDArray[np.float32], area: int) -> None:
        """Count a frame: squared differences of its untouched pixels, out of `area` pixels."""
        self.frames, self.pixels, self.area = self.frames + 1, self.pixels + squares.size, self.area + area
        if squares.size:
            total = float(squares.sum(dtype=np.float64))
            self.error += total
            if total / squares.size > self.worst:
                self.worst, self.worst_frame = total / squares.size, number


def untouched(
    source: VideoInfo,
    output: VideoInfo,
    detections: DetectionsFile,
    overlay: Overlay,
    *,
    decode: DecodeSettings,
) -> Untouched:
    """Paint the source's frames again, and look at those pixels of the output that this leaves alone.

    decode : how the run read the source. Frames of the source that do not decode are passed over, whether the
    output repeats them or leaves them out. Raises DamagedInputError where nothing decodes at all, StoreError
    for detections of another video.
    """
    found = Untouched()
    shown = _all_frames(output, DecodeSettings())
    good = 0
    latest = next(shown)
    for frame, (_, tracks) in zip(_all_frames(source, decode), detections.frames(), strict=True):
        if frame.repeated:
            continue
        place = frame.number if source.frame_count == output.frame_count else good
        good += 1
        while latest.number < place:
            latest = next(shown)
        free = overlay.paint(frame.picture, tracks).y == frame.picture.y
        found.add(place, np.square(_levels(frame.picture) - _levels(latest.picture))[free], free.size)
    return found


def _all_frames(info: VideoInfo, decode: DecodeSettings) -> Iterator[DecodedFrame[YuvFrame]]:
    whole = Chunk(0, 0, info.frame_count, info.start_pts, None)
    return decode_yuv(
        info,
        whole,
        damaged="repeat",
        deinterlace=decode.deinterlace,
        tone_map=decode.tone_map,
        threads=0,
    )


def _levels(frame: YuvFrame) -> NDArray[np.float32]:
    """Luma in steps of 8 bit."""
    return frame.y.astype(np.float32) / np.float32(1 << (frame.bit_depth - 8))


def _psnr(squared: float) -> float | None:
    """Peak signal-to-noise ratio in dB of a mean squared difference; None for none."""
    return 10 * math.log10(_PEAK * _PEAK / squared) if squared > 0 else None
