"""The chunks that a source is worked on in. Pure: the same source and setting give the same chunks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.settings import CHUNK_FRAMES

#: Pieces a stretch without keyframes is cut into at most. Each piece is decoded from the stretch's
#: beginning, so without a limit the decoding of an hour behind a single keyframe would grow with the square
#: of its length.
_MOST_PIECES = 8

#: Formats that mark packets as keyframes which decode to something else behind a seek: RPZA's change the picture
#: before, Dirac's were seen to.
_FALSE_KEYFRAMES = {"rpza", "dirac"}


def plan(info: VideoInfo, chunk_frames: int = CHUNK_FRAMES) -> tuple[Chunk, ...]:
    """Chunks that together hold each frame exactly once, in order; those of a part by their numbers in the source.

    A chunk starts on a keyframe and has up to `chunk_frames` frames. Where the next keyframe is farther than
    that, the stretch up to it is cut into equal pieces of about that length, 8 at most.
    """
    if chunk_frames < 1:
        raise ConfigError(
            "chunk_frames must be at least 1.", found=str(chunk_frames), do="leave it out for 96"
        )
    whole = info.whole
    start, stop = info.span
    borders = _borders(_keyframes(whole), whole.frame_count, chunk_frames)
    inner = [border for border in borders if start < border < stop]
    return tuple(
        _chunk(whole, index, first, last)
        for index, (first, last) in enumerate(pairwise([start, *inner, stop]))
    )


def whole_chunk(info: VideoInfo) -> Chunk:
    """All frames of a film as one chunk of its source."""
    start, stop = info.span
    return _chunk(info.whole, 0, start, stop)


def with_frame_before(info: VideoInfo, chunk: Chunk) -> Chunk:
    """The chunk and the frame before it, where there is one."""
    return _chunk(info.whole, chunk.index, max(chunk.start - 1, 0), chunk.stop)


def _chunk(whole: VideoInfo, index: int, start: int, stop: int) -> Chunk:
    return Chunk(index, start, stop, int(whole.pts[start]), _seek_frame(whole, _keyframes(whole), start))


def _keyframes(info: VideoInfo) -> NDArray[np.intp]:
    """Numbers of the frames at which decoding can begin."""
    keyframes = np.flatnonzero(info.keys)
    if info.pixel_format == "pal8" or info.stream.codec in _FALSE_KEYFRAMES:
        # A palette is told once, at the beginning, and a seek loses it: every chunk is decoded from there.
        return keyframes[:1]
    return keyframes


def _borders(keyframes: NDArray[np.intp], frame_count: int, chunk_frames: int) -> Iterator[int]:
    """First frame of each chunk, and at last the number of frames."""
    # Nothing before the first keyframe can be decoded by itself, so no chunk ends there.
    stops = np.append(keyframes[1:], frame_count)
    start = 0
    yield start
    while start < frame_count:
        # The farthest keyframe that keeps the chunk within its length, else the nearest one beyond.
        farthest = int(np.searchsorted(stops, start + chunk_frames, side="right")) - 1
        nearest = int(np.searchsorted(stops, start, side="right"))
        stop = int(stops[max(farthest, nearest)])
        yield from _pieces(start, stop, chunk_frames)
        start = stop


def _pieces(start: int, stop: int, chunk_frames: int) -> Iterator[int]:
    """Ends of the equal pieces of [start, stop), each as near to `chunk_frames` as their number allows."""
    length = stop - start
    count = min(max((2 * length + chunk_frames) // (2 * chunk_frames), 1), _MOST_PIECES)
    for piece in range(1, count + 1):
        yield start + length * piece // count


def _seek_frame(info: VideoInfo, keyframes: NDArray[np.intp], start: int) -> int | None:
    """The last keyframe at or before `start` where decoding starts anew there; else the one before: a GOP to spare.

    Frames behind a keyframe of an open GOP, or of one that recovers gradually, may need what lies before it.
    """
    before = int(np.searchsorted(keyframes, start, side="right"))
    if before and info.resets[keyframes[before - 1]]:
        return int(keyframes[before - 1])
    return int(keyframes[before - 2]) if before >= 2 else None
