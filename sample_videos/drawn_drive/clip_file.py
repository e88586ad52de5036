"""ClipFile: an MP4 that takes pictures and has its sound from the start."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray

from sample_videos.drawn_drive.sound import RATE, Wave

_BT709 = 1  # as H.264 numbers matrix, primaries and transfer
_LIMITED = 1  # as FFmpeg numbers the range of levels
_PORTION = 1024  # samples that the encoder takes at a time


class ClipFile:
    """H.264 and AAC, written as it goes; to be used in a `with`.

    path : the file. rate : frames a second. size : width and height in px. sound : [2, samples].
    """

    def __init__(self, path: Path, rate: int, size: tuple[int, int], sound: Wave) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._rate, self._frames, self._sound, self._heard = rate, 0, sound, 0
        self._video = self._container.add_stream("libx264", rate=rate)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._video.options = {"crf": "21", "preset": "slow", "profile": "high"}
        context = self._video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        self._audio = self._container.add_stream("aac", rate=RATE, layout="stereo", options={"b": "96k"})

    def __enter__(self) -> ClipFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._container.mux(self._video.encode(None))
            self._hear(self._sound.shape[1])
            self._container.mux(self._audio.encode(None))
        self._container.close()

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Write the next picture [height, width, 3], blue first, and the sound up to its end."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
        frame.pts, frame.time_base = self._frames, Fraction(1, self._rate)
        self._container.mux(self._video.encode(frame))
        self._frames += 1
        self._hear(self._frames * RATE // self._rate - _PORTION)

    def _hear(self, until: int) -> None:
        """Write the portions of sound that begin before a sample."""
        while self._heard < until:
            samples = np.ascontiguousarray(self._sound[:, self._heard : self._heard + _PORTION])
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._heard, Fraction(1, RATE)
            self._container.mux(self._audio.encode(frame))
            self._heard += _PORTION
