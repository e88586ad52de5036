"""The facts of a painted stream that decoding all of it tells, by FFmpeg alone: no index, no seeking, no chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import AttachmentStream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from pipeline.structures.video_info import VideoInfo
from pipeline.video.headers.codec_header import noting_sequences
from pipeline.video.read.decode import decoded_frames
from pipeline.video.read.packets import open_packets
from pipeline.video.read.plan import whole_chunk
from pipeline.video.read.source import demuxed, open_source, video_stream


@dataclass(frozen=True, eq=False)
class DecodedFacts:
    """The result of decoding the painted stream from its first packet to its last, or those that a part needs.

    pts : int64 [D], times of the frames that come out, ascending.
    keys : int64 [K], times of those that are coded without any other, ascending.
    flawed : int64 [E], times of those that the decoder marks as damaged.
    complaints : what the decoder said about packets that it refused.
    sample_aspect : width : height of a stored pixel as the decoder reads it; None where it says nothing.
    frame_rate : that the coded pictures themselves tell; None where they tell none.
    changes : int64 [C], times of frames that mean something else by their numbers than the one before.
    begins_damaged : a frame before a part, from where it is decoded on, is missing or damaged.
    """

    pts: NDArray[np.int64]
    keys: NDArray[np.int64]
    flawed: NDArray[np.int64]
    complaints: tuple[str, ...]
    sample_aspect: Fraction | None = None
    frame_rate: Fraction | None = None
    changes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    begins_damaged: bool = False


def decoded_facts(info: VideoInfo) -> DecodedFacts:
    """Decode all, by FFmpeg alone: no index, no seeking, no chunks.

    Several frames at a time; only where one is refused or flawed, one after the other, as the run does: side by
    side its neighbours may go with it, and other frames are called flawed.
    """
    at_once = _decode_by(info, threads=0)
    return _decode_by(info, threads=1) if at_once.complaints or len(at_once.flawed) else at_once


def _decode_by(info: VideoInfo, *, threads: int) -> DecodedFacts:
    pts: list[int] = []
    keys: list[int] = []
    flawed: list[int] = []
    changes: list[int] = []
    complaints: list[str] = []
    latest: tuple[object, ...] | None = None
    with _video_packets(info) as (stream, packets):
        stream.thread_type, stream.thread_count = "AUTO", threads
        context = stream.codec_context
        packets = noting_sequences(info.stream.codec, context.extradata or b"", packets, changes)
        for frame in decoded_frames(context, packets, complaints):
            # Formats without times of their own number their frames by the order of decoding.
            ticks = frame.pts if info.timed or info.excerpt is not None else _nth(info, len(pts))
            if ticks is not None:
                pts.append(ticks)
                keys += [ticks] if frame.key_frame else []
                flawed += [ticks] if frame.is_corrupt else []
                meaning = _meaning(frame, context)
                changes += [ticks] if latest not in (None, meaning) else []
                latest = meaning
        said = context.sample_aspect_ratio or None, context.framerate or None
    columns = (np.sort(np.array(column, np.int64)) for column in (pts, keys, flawed, changes))
    shown, alone, damaged, changed = columns
    return _of_part(info, DecodedFacts(shown, alone, damaged, tuple(complaints), *said, changed))


def _meaning(frame: VideoFrame, context: VideoCodecContext) -> tuple[object, ...]:
    """All that tells how a frame is shown, and may be told anew with any keyframe; HDR's light comes with those."""
    return (
        *(frame.width, frame.height, frame.format.name, frame.rotation),
        *(frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc),
        *(context.sample_aspect_ratio, context.framerate),
    )


@contextmanager
def _video_packets(info: VideoInfo) -> Iterator[tuple[VideoStream, Iterator[Packet]]]:
    """The painted stream and its packets: all of them, but of a part those that it is decoded from."""
    if info.excerpt is not None:
        with open_packets(info.whole, whole_chunk(info)) as opened:
            yield opened
        return
    with open_source(info.path) as container:
        yield video_stream(container, info.video), readable_packets(container, [info.video])


def _of_part(info: VideoInfo, decoded: DecodedFacts) -> DecodedFacts:
    """The facts of the part's own frames, and whether decoding came to them without damage."""
    if info.excerpt is None:
        return decoded
    before = info.whole.pts[whole_chunk(info).seek_frame or 0 : info.excerpt.start]
    damaged = ~np.isin(before, decoded.pts) | np.isin(before, decoded.flawed)
    columns = {name: getattr(decoded, name) for name in ("pts", "keys", "flawed", "changes")}
    within = {name: ticks[np.isin(ticks, info.pts)] for name, ticks in columns.items()}
    return replace(decoded, **within, begins_damaged=bool(damaged.any()))


def _nth(info: VideoInfo, number: int) -> int | None:
    return int(info.pts[number]) if number < info.frame_count else None


def readable_packets(container: InputContainer, positions: list[int]) -> Iterator[Packet]:
    """Packets with content of these streams, up to where the file can be read."""
    try:
        streams = [container.streams[position] for position in positions]
        streams = [stream for stream in streams if not isinstance(stream, AttachmentStream)]
        for packet in demuxed(container, *streams) if streams else ():
            if packet.size:
                yield packet
    except FFmpegError:
        return  # the packets behind are missing on the other side too, or else the comparison says so
