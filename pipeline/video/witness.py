"""A written output -> whether it holds what it should, read back before it is published."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.error import FFmpegError

from pipeline.errors import InputError, MediaError
from pipeline.structures.timebase import rescale
from pipeline.video.copying import StreamCopy, payload
from pipeline.video.source import open_source
from pipeline.video.timeline import Timeline


@dataclass
class _Found:
    """What is read of one stream."""

    time_base: Fraction
    pts: list[int] = field(default_factory=list)
    content: Any = field(default_factory=hashlib.sha256)


def check_output(path: Path, timeline: Timeline, painted: int, copies: Sequence[StreamCopy]) -> None:
    """Raise MediaError unless the file at `path` shows each frame at its time and every copied packet
    unchanged.

    painted : position of the painted track. Times are compared in the ticks of the file.
    """
    try:
        streams = _read(path)
    except (FFmpegError, InputError) as error:
        raise MediaError(f"{path} cannot be read back.", found=str(error), do="run again") from error
    video = streams[painted]
    expected = [rescale(int(pts), timeline.time_base, video.time_base) for pts in timeline.pts]
    if sorted(video.pts) != expected:
        wrong = sum(a != b for a, b in zip(sorted(video.pts), expected, strict=False))
        raise MediaError(
            f"{path} does not show the frames of the source.",
            found=f"{len(video.pts)} frames instead of {len(expected)}, {wrong} of them at another time",
            do="run again; if it stays, name an output in another format",
        )
    for copy in copies:
        _check_copy(path, copy, streams.get(copy.target, _Found(copy.time_base)))


def _read(path: Path) -> dict[int, _Found]:
    with open_source(path) as container:
        found = {stream.index: _Found(stream.time_base or Fraction(1)) for stream in container.streams}
        for packet in container.demux():
            if packet.size:
                found[packet.stream.index].pts.append(packet.pts or 0)  # a cover has no time
                found[packet.stream.index].content.update(payload(packet))
    return found


def _check_copy(path: Path, copy: StreamCopy, found: _Found) -> None:
    """A second video may be packed in another way; all else is to be the same to the last bit."""
    same = copy.kind == "video" or found.content.hexdigest() == copy.digest
    # Compared in the coarser ticks of the two; equal ticks make this exact.
    coarse = max(copy.time_base, found.time_base)
    times = [rescale(pts, copy.time_base, coarse) for pts in copy.pts] == [
        rescale(pts, found.time_base, coarse) for pts in found.pts
    ]
    if not same or not times:
        raise MediaError(
            f"{path} does not hold stream {copy.source} of the source unchanged.",
            found=f"{len(found.pts)} packets instead of {copy.count}"
            + ("" if same else ", with other content")
            + ("" if times else ", at other times"),
            do="run again; if it stays, name an output in another format",
        )
