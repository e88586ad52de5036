"""Sound of an MP4 or MOV file that begins late and hides its first packets: FFmpeg's writer lets them be heard."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from pipeline.structures.timebase import to_pts
from pipeline.video.headers.mp4_boxes import Span, after_times, boxes, numbers

#: An edit list of two entries of 32 bits: nothing for a while, then the track from its first packet on.
_TABLE = ">II IiI IiI"


def hide_late_starts(path: Path, seconds: Sequence[Fraction]) -> None:
    """Let each track of `path` begin that much later within itself, and be silent that much longer before.

    seconds : one number a track, 0 where nothing is to be hidden. A track that is not silent first stays as it is: what
    lies before zero is hidden by its edit list already. The file's size stays.
    """
    if not any(seconds):
        return
    with path.open("r+b") as file:
        whole = (0, path.stat().st_size)
        clock = next(_clock(file, span) for _, span in boxes(file, whole, "moov", "mvhd"))
        tracks = [inner for _, inner in boxes(file, whole, "moov", "trak")]
        for track, hidden in zip(tracks, seconds, strict=False):
            if hidden:
                own = next(_clock(file, span) for _, span in boxes(file, track, "mdia", "mdhd"))
                for _, span in boxes(file, track, "edts", "elst"):
                    _hide(file, span, to_pts(hidden, Fraction(1, clock)), to_pts(hidden, Fraction(1, own)))


def _clock(file: BinaryIO, span: Span) -> int:
    """Ticks a second of a film or of a medium."""
    return numbers(file, span[0] + after_times(file, span[0], 12, 20), ">I")[0]


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
