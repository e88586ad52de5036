"""Pictures and sound of a running stream, each with its time, as they come in through a pipe.

The stream is NUT with raw pictures and plain sound: the form in which the ffmpeg program hands both on with times.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from pipeline.errors import MediaError
from pipeline.video.read.source import reason

#: Options of the ffmpeg program that make such a stream; what one medium has is not kept until the other comes. With
#: more threads than one, raw pictures are "encoded" side by side, and each comes out when the next one goes in.
STREAM_FORM: dict[str, Any] = {
    "format": "nut",
    "vcodec": "rawvideo",
    "threads": 1,
    "pix_fmt": "rgb24",
    "acodec": "pcm_s16le",
    "fps_mode": "passthrough",
    "flush_packets": 1,
    "max_interleave_delta": 100_000,
}

#: Nothing is read ahead to find out what the head of the stream says already.
_AT_ONCE = {"probesize": "32", "analyzeduration": "0", "fpsprobesize": "0"}
_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, eq=False)
class StreamPicture:
    """A picture uint8 [H, W, 3], and when it is shown, in seconds of the stream's own clock."""

    seconds: float
    rgb: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class StreamSound:
    """Samples int16 [n, channels], `rate` a second, and when the first is heard, in seconds of the stream's clock."""

    seconds: float
    rate: int
    samples: NDArray[np.int16]


def read_stream(pipe: IO[bytes]) -> Iterator[StreamPicture | StreamSound]:
    """Pictures and sound as they come; of a stream with sound a piece without samples comes first.

    pipe : unbuffered, or a picture would wait for bytes of the next. Raises MediaError for what is no such stream.
    """
    try:
        with av.open(pipe, "r", format="nut", options=_AT_ONCE, buffer_size=_BUFFER_BYTES) as container:
            yield from _pieces(container)
    except (FFmpegError, EOFError) as error:
        raise MediaError("The program wrote no pictures.", found=reason(error)) from error


def _pieces(container: InputContainer) -> Iterator[StreamPicture | StreamSound]:
    for stream in container.streams.audio:
        yield StreamSound(0.0, stream.rate, np.zeros((0, stream.channels), np.int16))
    for packet in container.demux():
        for frame in packet.decode() if packet.size else ():
            if isinstance(frame, VideoFrame):
                yield StreamPicture(_seconds(frame), np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            elif isinstance(frame, AudioFrame):
                samples = np.asarray(frame.to_ndarray(), np.int16).reshape(-1, frame.layout.nb_channels)
                yield StreamSound(_seconds(frame), frame.sample_rate, samples)


def _seconds(frame: VideoFrame | AudioFrame) -> float:
    assert frame.pts is not None, "NUT gives every frame a time"
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base)
