"""Times in the header of an MP4 or MOV file that FFmpeg's writer gets wrong, mended in place."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from pipeline.structures.timebase import to_pts
from pipeline.video.headers.mp4_boxes import Span, after_times, boxes, clock_and_length, packets_length

#: An edit list of two entries of 32 bits: nothing for a while, then the track from its first packet on.
_TABLE = ">II IiI IiI"


def hide_late_starts(path: Path, seconds: Sequence[Fraction]) -> None:
    """Let each track of `path` begin that much later within itself, and be silent that much longer before.

    Of sound that begins late and hides its first packets FFmpeg's writer lets these be heard.

    seconds : one number a track, 0 where nothing is to be hidden. A track that is not silent first stays as it is: what
    lies before zero is hidden by its edit list already. The file's size stays.
    """
    if not any(seconds):
        return
    with path.open("r+b") as file:
        whole = (0, path.stat().st_size)
        clock = _clock(file, whole, "moov", "mvhd")
        tracks = [inner for _, inner in boxes(file, whole, "moov", "trak")]
        for track, hidden in zip(tracks, seconds, strict=False):
            if hidden:
                own = _clock(file, track, "mdia", "mdhd")
                for _, span in boxes(file, track, "edts", "elst"):
                    _hide(file, span, to_pts(hidden, Fraction(1, clock)), to_pts(hidden, Fraction(1, own)))


def _clock(file: BinaryIO, around: Span, *names: str) -> int:
    """Ticks a second of a film or of a medium, in whose box the header of that path lies."""
    return next(clock_and_length(file, begin)[0] for _, (begin, _) in boxes(file, around, *names))


def _hide(file: BinaryIO, span: Span, in_film: int, in_track: int) -> None:
    if span[1] - span[0] != struct.calcsize(_TABLE):
        return
    file.seek(span[0])
    content = file.read(struct.calcsize(_TABLE))
    version, count, silent, nothing, rate, length, first, other = struct.unpack(_TABLE, content)
    if (version >> 24, count, nothing) == (0, 2, -1) and length > in_film:
        file.seek(span[0])
        moved = (silent + in_film, nothing, rate, length - in_film, first + in_track, other)
        file.write(struct.pack(_TABLE, version, count, *moved))


def lengthen_media(path: Path) -> None:
    """Let the header of each track of `path` say no less than the sum of its packets' lengths (ISO 14496-12, 8.6.1.2).

    FFmpeg takes the time from the first picture's beginning to the last one's end. Packets take longer where decoding
    begins farther before the first picture than it ends before the last one, as where the last frame is seen shortly.
    It passes over that itself; other players may leave out what lies behind. More than the sum is right: pictures are
    shown later than decoded. The file's size stays.
    """
    with path.open("r+b") as file:
        whole = (0, path.stat().st_size)
        for track in [inner for _, inner in boxes(file, whole, "moov", "trak")]:
            packets = packets_length(file, track)
            for _, (begin, _) in list(boxes(file, track, "mdia", "mdhd")):
                _raise(file, begin, packets)


def _raise(file: BinaryIO, begin: int, least: int) -> None:
    """Let the media's header whose content begins here say this length, where it says a smaller one and can."""
    _, told = clock_and_length(file, begin)
    form = ">Q" if after_times(file, begin, 0, 1) else ">I"
    if told < least < 1 << 8 * struct.calcsize(form):
        file.seek(begin + after_times(file, begin, 16, 24))
        file.write(struct.pack(form, least))
