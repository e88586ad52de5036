"""The packets that a chunk's frames are decoded from, read from the source, and the first of each stream."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import chain

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from pipeline.errors import InputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.timebase import to_pts
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.index import is_shown
from pipeline.video.read.source import demuxed, open_source, video_stream

#: Seconds before the keyframe at which to look for it. A seek may land behind it where packets are stored by
#: dts, or, in streams without an index, anywhere near it.
_SEEK_BACK_SECONDS = (0, 1, 5, 30)


def first_packets(container: InputContainer, positions: Collection[int]) -> dict[int, Packet]:
    """The first packet of each of these streams that holds anything; the container's own, and gone with it.

    All in one reading, from where it is: a file of a thousand tracks takes seconds to open.
    """
    found: dict[int, Packet] = {}
    streams = [container.streams[position] for position in positions]
    with suppress(FFmpegError):  # a stream may have its first packet behind what cannot be read, and so none
        for packet in demuxed(container, *streams) if streams else ():
            if packet.size:
                found.setdefault(packet.stream_index, packet)
            if len(found) == len(streams):
                break
    return found


@contextmanager
def open_packets(info: VideoInfo, chunk: Chunk) -> Iterator[tuple[VideoStream, Iterator[Packet]]]:
    """The video stream, and its packets from the chunk's keyframe up to the last one the chunk needs.

    The packets carry the pts of VideoInfo, also where the container gave them none. Raises InputError if the
    file no longer has them.
    """
    for target in _seek_targets(info, chunk):
        with open_source(info.path) as container:
            stream = video_stream(container, info.video)
            packets = _ranked(info, _read(container, stream, target))
            start = next(packets, None) if target is None else _find_keyframe(info, chunk, packets)
            if start is not None:
                last = int(info.decode_order[chunk.start : chunk.stop].max())
                yield stream, _up_to(chain([start], packets), last)
                return
    raise InputError(
        f"{info.path} is no longer the video it was.",
        found=f"no packet for frames {chunk.start} to {chunk.stop - 1}",
        do="leave the file alone while it is worked on",
    )


def _seek_targets(info: VideoInfo, chunk: Chunk) -> Iterator[int | None]:
    """Ticks to start reading at, each farther back than the one before; None is the beginning."""
    if chunk.seek_frame is not None and info.timed and info.decode_order[chunk.seek_frame] > 0:
        for seconds in _SEEK_BACK_SECONDS:
            yield int(info.pts[chunk.seek_frame]) - to_pts(Fraction(seconds), info.time_base)
    yield None


def _read(container: InputContainer, stream: VideoStream, target: int | None) -> Iterator[Packet]:
    """Packets of one stream that have content; none if the container can't be read (on)."""
    try:
        if target is not None:
            container.seek(target, stream=stream)
        yield from (packet for packet in demuxed(container, stream) if packet.size)
    except FFmpegError:
        return  # the frames that are missing now are missed, and named, where frames are counted


def _ranked(info: VideoInfo, packets: Iterator[Packet]) -> Iterator[tuple[int, Packet]]:
    """Each packet with its position in decoding order; one that is no frame has that of the packet before."""
    rank = -1
    pts_by_rank = (
        dict(zip(info.decode_order.tolist(), info.pts.tolist(), strict=True)) if not info.timed else {}
    )
    for packet in packets:
        if not info.timed:
            rank += is_shown(packet)
            packet.pts = pts_by_rank.get(rank)
        elif is_shown(packet):
            frame = int(np.searchsorted(info.pts, packet.pts)) if packet.pts is not None else info.frame_count
            known = frame < info.frame_count and info.pts[frame] == packet.pts
            rank = int(info.decode_order[frame]) if known else rank
        yield rank, packet


def _up_to(packets: Iterator[tuple[int, Packet]], last: int) -> Iterator[Packet]:
    for rank, packet in packets:
        if rank > last:
            return
        yield packet


def _find_keyframe(
    info: VideoInfo, chunk: Chunk, packets: Iterator[tuple[int, Packet]]
) -> tuple[int, Packet] | None:
    """The packet of the chunk's keyframe; None if reading began behind it."""
    wanted = int(info.decode_order[chunk.seek_frame or 0])
    for rank, packet in packets:
        if rank == wanted and is_shown(packet):
            return rank, packet
        if rank > wanted:
            return None
    return None
