"""Joins the parts of a video to the packets of one track."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from pipeline.errors import InputError, MediaError
from pipeline.video.read.source import open_source, video_stream
from pipeline.video.write.timeline import REORDERED_FRAMES, Timeline, decoding_times, ending_times


def joined_packets(
    parts: Sequence[Path], timeline: Timeline, track: VideoStream
) -> Iterator[tuple[Fraction, Packet]]:
    """The parts' packets one after the other, with the source's times, for `track`; each after its dts in seconds.

    Parts count from zero, each with decoding times of its own: both are given anew from the source's frames,
    so that nothing adds up over the joints. The last packets come when all are known, with `ending_times`.
    Raises MediaError if the parts don't hold the source's frames,
    or were not all encoded alike.
    """
    ends = np.append(timeline.pts[1:], timeline.end_pts)
    dts = decoding_times(timeline.pts)
    header = track.codec_context.extradata
    first = 0
    # Up to the one before the frame shown last, which others may be decoded after.
    held: deque[Packet] = deque()
    for path in parts:
        last = first
        for pts, packet in _part_packets(path, header):
            frame = (
                int(np.searchsorted(timeline.pts, timeline.pts[first] + pts)) if last < len(ends) else last
            )
            if frame == len(ends) or timeline.pts[frame] != timeline.pts[first] + pts:
                raise _mismatch(path, f"a frame at {pts} ticks, when the source shows none")
            packet.pts, packet.dts = int(timeline.pts[frame]), int(dts[last])
            packet.duration = int(ends[frame]) - packet.pts
            packet.time_base, packet.stream = timeline.time_base, track
            held.append(packet)
            if len(held) > REORDERED_FRAMES + 2:
                yield _timed(held.popleft(), timeline)
            last += 1
        first = last
    if first != len(ends):
        raise _mismatch(parts[-1], f"{first} frames in all parts together instead of {len(ends)}")
    spans = [(packet.dts or 0, packet.pts or 0, packet.duration or 0) for packet in held]
    for packet, ticks in zip(held, ending_times(spans), strict=True):
        packet.dts = ticks
        yield _timed(packet, timeline)


def _timed(packet: Packet, timeline: Timeline) -> tuple[Fraction, Packet]:
    return (packet.dts or 0) * timeline.time_base, packet


def _part_packets(path: Path, header: bytes | None) -> Iterator[tuple[int, Packet]]:
    try:
        with open_source(path) as container:
            stream = video_stream(container, 0)
            if stream.codec_context.extradata != header:
                raise _mismatch(path, "another encoder's header than in the first part")
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None:
                    yield packet.pts, packet
    except InputError as error:
        raise _mismatch(path, error.found or error.what) from error


def _mismatch(path: Path, found: str) -> MediaError:
    return MediaError(
        f"The part {path} does not belong to this video.", found=found, do="delete it and run again"
    )
