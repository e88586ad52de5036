"""A template that lets Matroska hide AAC's first packets where the source's container hides them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.stream import Stream

from pipeline.errors import MediaError
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.source import open_source

#: Matroska's CodecDelay with four bytes of nanoseconds (RFC 9559, 5.1.4.1.28).
_ELEMENT = b"\x56\xaa\x84"


def hidden_seconds(info: VideoInfo, position: int) -> Fraction:
    """Length of a sound stream's hidden beginning, which an edit list cuts off before zero; 0 for none."""
    with open_source(info.path) as container:
        stream = container.streams[position]
        if info.streams[position].codec != "aac":
            return Fraction(0)
        first = next((packet for packet in container.demux(stream) if packet.size), None)
        if first is None or not first.is_discard or first.pts is None or first.pts >= 0:
            return Fraction(0)
        return -first.pts * (stream.time_base or Fraction(1))


@contextmanager
def delayed_template(stream: Stream, seconds: Fraction) -> Iterator[AudioStream]:
    """A stream of the same kind whose decoder begins `seconds` early, to make the output's stream of.

    PyAV cannot set the delay. So FFmpeg's encoder writes a moment of silence into memory, the delay in it is changed,
    and what is read back is the template; the caller gives it the stream's own header.
    """
    assert isinstance(stream, AudioStream)
    content = bytearray(_silence(stream))
    at = content.find(_ELEMENT)
    if at < 0:
        raise MediaError("FFmpeg's writer of Matroska tells no codec delay.", do="write an .mp4 instead")
    struct.pack_into(">I", content, at + len(_ELEMENT), round(seconds * 10**9))
    with av.open(io.BytesIO(content)) as container:
        yield container.streams.audio[0]


def _silence(stream: AudioStream) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        encoder = container.add_stream("aac", rate=stream.codec_context.sample_rate)
        encoder.layout = stream.codec_context.layout.name
        frame = AudioFrame(format="fltp", layout=encoder.layout.name, samples=1024)
        frame.sample_rate, frame.pts = stream.codec_context.sample_rate, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(encoder.encode(frame))
        container.mux(encoder.encode(None))
    return file.getvalue()
