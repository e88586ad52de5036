"""The marks at the packets of a Matroska file (RFC 9559, 10): FFmpeg finds out by itself what they say of H.264."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.ebml import elements, unsigned
from pipeline.video.read.mp4_boxes import Span

_CLUSTER, _TIME, _SIMPLE, _GROUP, _BLOCK, _REFERENCE = 0x1F43B675, 0xE7, 0xA3, 0xA0, 0xA1, 0xFB

#: Flags of a block: it is a keyframe, which a block in a group is that names no other; it is decoded and not shown.
_KEYFRAME, _INVISIBLE = 0x80, 0x08

#: Bytes of a block before its packet: number of the track, 2 of time, flags; the number has at most 8.
_HEAD = 11


def mark_faults(
    file: BinaryIO, segment: Span, number: int | None, tick: Fraction, info: VideoInfo
) -> Iterator[str]:
    """A sentence where packets of the painted video are marked otherwise than they are.

    number : of its track. tick : of the file's times, in seconds.
    """
    keys = [round(int(pts) * info.time_base / tick) for pts in info.pts[info.keys]]
    left, wrong, invisible = dict.fromkeys(keys, False), 0, 0
    for time, flags in _marks(file, segment, number):
        invisible += bool(flags & _INVISIBLE)
        if flags & _KEYFRAME:
            near = next((key for key in (time, time - 1, time + 1) if key in left), None)
            if near is None:
                wrong += 1
            else:
                left[near] = True
    wrong += sum(not seen for seen in left.values())
    if wrong:
        yield f"{wrong} packets of the video are marked wrongly as keyframes, or not as such"
    if invisible:
        yield f"{invisible} packets of the video are marked as not to be shown"


def _marks(file: BinaryIO, segment: Span, number: int | None) -> Iterator[tuple[int, int]]:
    """Time and flags of each packet of a track."""
    for name, cluster in elements(file, segment):
        if name != _CLUSTER:
            continue
        begins = 0
        for inner, span in elements(file, cluster):
            if inner == _TIME:
                begins = unsigned(file, span)
            elif inner == _SIMPLE:
                yield from _mark(file, span, number, begins)
            elif inner == _GROUP:
                parts = dict(elements(file, span))
                for time, flags in _mark(file, parts.get(_BLOCK, (0, 0)), number, begins):
                    yield time, flags & ~_KEYFRAME | (0 if _REFERENCE in parts else _KEYFRAME)


def _mark(file: BinaryIO, block: Span, number: int | None, begins: int) -> Iterator[tuple[int, int]]:
    file.seek(block[0])
    head = file.read(min(_HEAD, block[1] - block[0]))
    length = 9 - head[0].bit_length() if head and head[0] else 0
    if length and len(head) >= length + 3:
        track = int.from_bytes(head[:length], "big") & ((1 << 7 * length) - 1)
        if track == number:
            yield begins + int.from_bytes(head[length : length + 2], "big", signed=True), head[length + 2]
