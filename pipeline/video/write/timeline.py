"""The times at which the output shows each frame of a source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.timebase import to_pts
from pipeline.structures.video_info import Excerpt, VideoInfo
from pipeline.video.read.source import BROADCAST_CONTAINERS

#: Frames by which decoding runs ahead of showing: every encoder here is told to use two B-frames at most.
REORDERED_FRAMES = 2

#: What a sound decoder needs before its first sample may lie before zero, hidden; it is never longer than this.
_LONGEST_PRIMING_SECONDS = Fraction(1, 20)


@dataclass(frozen=True, eq=False)
class Timeline:
    """The output's video track in time.

    time_base : one over a whole number, as every output container wants it; no coarser than the source's.
    pts : int64 [N], strictly ascending.
    end_pts : when the last frame ends.
    shift_seconds : by how much all streams are earlier than in the source; 0 but for broadcast formats, and below 0
        where the source begins before zero.
    """

    time_base: Fraction
    pts: NDArray[np.int64]
    end_pts: int
    shift_seconds: Fraction

    def without(self, frames: Collection[int]) -> Timeline:
        """The same without the frames of these numbers; the ones before them are shown longer."""
        return replace(self, pts=np.delete(self.pts, sorted(frames)))


def output_timeline(info: VideoInfo) -> Timeline:
    """The source's own times; only where no container can hold them, the nearest that one can.

    Two frames at the same time are moved apart by a tick. A broadcast recording starts at zero, all streams
    moved alike, and so does one of which something is to be seen or heard before zero. A part begins at zero too,
    unless it is to keep its times, which are those in the output of the whole film.
    """
    if info.excerpt is not None:
        return _of_part(info.excerpt)
    time_base = Fraction(1, info.time_base.denominator)
    shift = _shift_seconds(info)
    offset = to_pts(shift, time_base)
    position = np.arange(info.frame_count, dtype=np.int64)
    pts = info.pts * info.time_base.numerator - offset
    pts = np.maximum.accumulate(pts - position) + position
    end_pts = max(info.end_pts * info.time_base.numerator - offset, int(pts[-1]) + 1)
    return Timeline(time_base, pts, end_pts, shift)


def _of_part(part: Excerpt) -> Timeline:
    """The part's own frames of the whole film's timeline: what was moved apart there is so here."""
    film = output_timeline(part.whole)
    pts, end_pts = film.pts[part.start : part.stop], film.end_pts
    if part.ends is not None:
        end_pts = int(film.pts[part.stop])
    if part.keeps_times or part.begins is None:
        return replace(film, pts=pts, end_pts=end_pts)
    begins = int(pts[0])
    shift = film.shift_seconds + begins * film.time_base
    return Timeline(film.time_base, pts - begins, end_pts - begins, shift)


def decoding_times(pts: NDArray[np.int64]) -> NDArray[np.int64]:
    """A dts for each packet in decoding order, given the pts of all frames in ascending order.

    Packet i gets the time of frame i - 2: strictly ascending over all parts of a video, and never after its
    own pts, because no encoder here moves a frame by more than two places. Encoders' own dts are not to be
    relied on: each part begins anew, and x265 gives random ones for two frames.
    """
    step = int(pts[1] - pts[0]) if len(pts) > 1 else 1
    if len(pts) > REORDERED_FRAMES:
        # MP4 adds up the times from dts to dts: a lead longer than that of the end makes them longer than the film.
        step = min(step, int(pts[-1] - pts[-1 - REORDERED_FRAMES]) // REORDERED_FRAMES)
    if pts[0] > 0:
        # FFmpeg's MP4 writer forgets a late start if decoding begins farther before zero than showing after it.
        step = min(step, int(pts[0]))
    before = pts[0] - step * np.arange(REORDERED_FRAMES, 0, -1, dtype=np.int64)
    return np.concatenate([before, pts])[: len(pts)]


def ending_times(packets: Sequence[tuple[int, int, int]]) -> list[int]:
    """Decoding times for a video's last packets by which MP4 says how long the frame shown last is to be seen.

    MP4 has no duration but the time from a packet's dts to the next one's, so that of the last frame shown
    is any other frame's where frames are not evenly apart and others are decoded after it.

    packets : dts, pts and duration of each in decoding order. The first keeps its dts. All keep theirs if the last
        frame is to be seen for longer than decoding can wait.
    """
    times = [dts for dts, _, _ in packets]
    latest = list(
        accumulate((pts for _, pts, _ in reversed(packets)), lambda after, pts: min(after - 1, pts))
    )[::-1]
    shown_last = max(range(len(packets)), key=lambda place: packets[place][1])
    if shown_last in (0, len(packets) - 1):
        return times  # FFmpeg writes the duration of the packet decoded last as it is given
    times[shown_last] = min(times[shown_last], latest[shown_last + 1] - packets[shown_last][2])
    if times[shown_last] <= times[shown_last - 1]:
        return [dts for dts, _, _ in packets]
    for place in range(shown_last + 1, len(packets)):
        before = times[place - 1]
        times[place] = max(before + 1, min(before + packets[place - 1][2], latest[place]))
    return times


def _shift_seconds(info: VideoInfo) -> Fraction:
    streams = [stream for stream in info.streams if stream.start_pts is not None]
    starts = [(stream.start_pts or 0) * stream.time_base for stream in streams]
    heard = [start + stream.delay for start, stream in zip(starts, streams, strict=True)]
    first = info.start_pts * info.time_base
    if info.container in BROADCAST_CONTAINERS or min([*heard, first]) < -_LONGEST_PRIMING_SECONDS:
        return min([*starts, first])
    return Fraction(0)
