"""The part of a film that is asked for, as a film of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from math import ceil

import numpy as np

from pipeline.errors import UsageError
from pipeline.structures.timebase import to_pts
from pipeline.structures.video_info import Chapter, Excerpt, StreamInfo, VideoInfo
from pipeline.video.settings import DecodeSettings
from pipeline.video.write.timeline import output_timeline


def excerpt(info: VideoInfo, settings: DecodeSettings) -> VideoInfo:
    """The frames that the settings ask for, as if there were no others; `info` itself where that is all of them.

    Times count as in the output of the whole film. Raises UsageError where there is no such frame.
    """
    start = Fraction(str(settings.start or 0))
    length = None if settings.duration is None else Fraction(str(settings.duration))
    end = (
        start + length
        if length is not None
        else None
        if settings.end is None
        else Fraction(str(settings.end))
    )
    timeline = output_timeline(info)
    first, stop = (
        int(np.searchsorted(timeline.pts, ceil(time / timeline.time_base)))
        for time in (start, timeline.end_pts * timeline.time_base if end is None else end)
    )
    film_ends = float(timeline.end_pts * timeline.time_base)
    if start and first == info.frame_count:
        raise UsageError(
            f"{info.path} has no frame at {float(start):g} s or later.",
            found=f"its last frame ends at {film_ends:.3f} s",
            do="start earlier",
        )
    if first >= stop:
        raise UsageError(
            f"{info.path} has no frame from {float(start):g} s to before {float(end or 0):g} s.",
            found=f"the next one is shown at {float(int(timeline.pts[first]) * timeline.time_base):.3f} s",
            do="end later",
        )
    return cut(info, first, stop, keeps_times=settings.keep_times)


def cut(info: VideoInfo, start: int, stop: int, *, keeps_times: bool = False) -> VideoInfo:
    """Frames [start, stop) of a source as a film of its own; the source itself where these are all."""
    if (start, stop) == (0, info.frame_count):
        return info
    part = Excerpt(info, start, stop, keeps_times)
    return replace(
        info,
        pts=info.pts[start:stop],
        keys=info.keys[start:stop],
        resets=info.resets[start:stop],
        decode_order=np.argsort(np.argsort(info.decode_order[start:stop])).astype(np.int64),
        end_pts=info.end_pts if part.ends is None else int(info.pts[stop]),
        chapters=tuple(_clipped(info.chapters, part)),
        streams=info.streams if part.begins is None else tuple(map(_without_time_code, info.streams)),
        metadata=info.metadata if part.begins is None else _untimed(info.metadata),
        excerpt=part,
    )


def _clipped(chapters: tuple[Chapter, ...], part: Excerpt) -> Iterator[Chapter]:
    """The chapters of which something is left, as far as it is.

    Where times are kept, the one in which the part begins reaches back to zero: MP4's first chapter always does.
    """
    for chapter in chapters:
        tick = chapter.time_base
        begins = chapter.start if part.begins is None else max(chapter.start, to_pts(part.begins, tick))
        ends = chapter.end if part.ends is None else min(chapter.end, to_pts(part.ends, tick))
        if begins < ends:
            reaches_back = part.keeps_times and begins > chapter.start
            zero = to_pts(output_timeline(part.whole).shift_seconds, tick)
            yield replace(chapter, start=zero if reaches_back else begins, end=ends)


def _without_time_code(stream: StreamInfo) -> StreamInfo:
    return replace(stream, metadata=_untimed(stream.metadata))


def _untimed(metadata: Mapping[str, str]) -> dict[str, str]:
    """The tags without the time code, which is the first frame's, and would be false of another one."""
    return {key: value for key, value in metadata.items() if key.lower() != "timecode"}
