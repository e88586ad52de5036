"""The compressed packets of a chunk as one value, for a worker that can't see the source."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from pipeline.errors import InputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.packet_span import NO_PTS, PacketSpan
from pipeline.video.read.packets import open_packets
from pipeline.video.read.source import codec_tag

#: What a decoder needs and no packet's bytes hold.
_DECODERS_OWN = {"palette", "new_extradata", "param_change"}

_NO_TAG = "\0\0\0\0"


def cut_packets(info: VideoInfo, chunk: Chunk) -> PacketSpan:
    """Everything that is needed to decode the chunk without its source; not a single bit is re-encoded.

    Raises InputError where a part of it lies beside the packets, as a palette does: PyAV can read it and not write.
    """
    with open_packets(info, chunk) as (stream, packets):
        context = stream.codec_context
        kept = []
        for packet in packets:
            _check_side_data(info, packet)
            kept.append((bytes(packet), packet.pts, packet.is_keyframe))
        return PacketSpan(
            codec=context.codec.name,
            codec_tag=tag if (tag := codec_tag(context)).isascii() else _NO_TAG,  # PyAV sets no other
            extradata=context.extradata or b"",
            width=context.width,
            height=context.height,
            bits_per_coded_sample=context.bits_per_coded_sample,
            time_base=info.time_base,
            payload=b"".join(data for data, _, _ in kept),
            sizes=np.array([len(data) for data, _, _ in kept], np.int64),
            pts=np.array([NO_PTS if pts is None else pts for _, pts, _ in kept], np.int64),
            keys=np.array([key for _, _, key in kept], np.bool_),
        )


def _check_side_data(info: VideoInfo, packet: Packet) -> None:
    found = [data.data_type for data in packet.iter_sidedata() if data.data_type in _DECODERS_OWN]
    if found:
        raise InputError(
            f"{info.path} cannot be sent to another machine in parts.",
            found=f"{found[0].replace('_', ' ')} beside its packets",
            do="run where the file can be seen, or convert it first",
        )


def open_decoder(span: PacketSpan) -> VideoCodecContext:
    """A decoder set up as the source's own stream would be."""
    context = av.CodecContext.create(span.codec, "r")
    assert isinstance(context, VideoCodecContext)
    context.codec_tag = span.codec_tag
    context.extradata = span.extradata or None
    context.width, context.height = span.width, span.height
    context.bits_per_coded_sample = span.bits_per_coded_sample
    return context


def read_packets(span: PacketSpan) -> Iterator[Packet]:
    """The packets, in decoding order."""
    ends = np.cumsum(span.sizes)
    payload = memoryview(span.payload)
    for start, end, pts, key in zip(ends - span.sizes, ends, span.pts.tolist(), span.keys, strict=True):
        packet = Packet(bytes(payload[start:end]))
        packet.pts = None if pts == NO_PTS else pts
        packet.time_base = span.time_base
        packet.is_keyframe = bool(key)
        yield packet
