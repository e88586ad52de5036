"""A template that lets Matroska hide a sound's first packets where the source's container hides them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
from av.audio.format import AudioFormat
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.stream import Stream

from pipeline.errors import MediaError
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.source import open_source

#: Samples of silence for an encoder that takes any number.
_FRAME_SAMPLES = 1024

#: Matroska's CodecDelay with four bytes of nanoseconds (RFC 9559, 5.1.4.1.28).
_ELEMENT = b"\x56\xaa\x84"


#: Sound whose beginning Matroska can hide, by the encoder that tells it so: FFmpeg's of AC-3 and MP2 tell no delay, and
#: Opus tells it in its own header.
_ENCODERS = {"aac": "aac", "mp3": "libmp3lame"}
BEGIN_EARLY = frozenset(_ENCODERS)


def hidden_seconds(info: VideoInfo, position: int) -> Fraction:
    """Length of a sound stream's hidden beginning, which an edit list cuts off before zero; 0 for none.

    MP4 marks a packet as hidden if all of it is; a delay that is no whole number of packets begins in one that is not.
    """
    if "mp4" not in info.container or info.streams[position].codec not in BEGIN_EARLY:
        return Fraction(0)
    with open_source(info.path) as container:
        stream = container.streams[position]
        first = next((packet for packet in container.demux(stream) if packet.size), None)
        if first is None or first.pts is None or first.pts >= 0:
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
    """A moment of silence in the stream's format, in Matroska."""
    file, source = io.BytesIO(), stream.codec_context
    with av.open(file, "w", format="matroska") as container:
        encoder = container.add_stream(_ENCODERS[source.codec.canonical_name], source.sample_rate)
        assert isinstance(encoder, AudioStream)
        encoder.layout = source.layout.name
        if encoder.format is None:
            encoder.format = (encoder.codec_context.codec.audio_formats or [AudioFormat("fltp")])[0]
        encoder.codec_context.open()
        frame = AudioFrame(encoder.format.name, encoder.layout.name, encoder.frame_size or _FRAME_SAMPLES)
        frame.sample_rate, frame.pts = source.sample_rate, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux(encoder.encode(frame))
        container.mux(encoder.encode(None))
    return file.getvalue()
