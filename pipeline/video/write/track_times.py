"""Each track's own creation time in an MP4 or MOV file: FFmpeg's writer gives all of them the file's."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from pipeline.video.headers.mp4_boxes import Span, boxes

#: ISO 14496-12 counts seconds from the beginning of 1904.
_EPOCH = datetime(1904, 1, 1, tzinfo=timezone.utc)


def write_creation_times(path: Path, tags: Sequence[Mapping[str, str]]) -> None:
    """Give the first tracks of `path` the `creation_time` of these tags, also in large letters, one mapping a track.

    Tracks without one keep what they have, and so does one whose time cannot be read or does not fit. The
    file's size stays.
    """
    times = [_seconds(mapping.get("creation_time", mapping.get("CREATION_TIME"))) for mapping in tags]
    if all(time is None for time in times):
        return
    with path.open("r+b") as file:
        whole = (0, path.stat().st_size)
        tracks = [inner for _, inner in boxes(file, whole, "moov", "trak")]
        for track, time in zip(tracks, times, strict=False):
            if time is not None:
                for begin in list(_timed(file, track)):
                    _write(file, begin, time)


def _seconds(text: str | None) -> int | None:
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int((moment - _EPOCH).total_seconds())


def _timed(file: BinaryIO, track: Span) -> Iterator[int]:
    """Offsets at which the two boxes with times begin inside."""
    for path in (("tkhd",), ("mdia", "mdhd")):
        yield from (begin for _, (begin, _) in boxes(file, track, *path))


def _write(file: BinaryIO, begin: int, time: int) -> None:
    """Both times, creation and last change, which follow a version and flags; 1 means 64 bits each."""
    file.seek(begin)
    form = ">QQ" if file.read(1) == b"\1" else ">II"
    if 0 <= time < 1 << 4 * struct.calcsize(form):
        file.seek(begin + 4)
        file.write(struct.pack(form, time, time))
