"""The frames of a chunk of which not a single one can be decoded: those of its neighbours in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from pipeline.errors import DamagedInputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import DecodedFrame

AnyPicture = TypeVar("AnyPicture")
Decode = Callable[[Chunk], Iterator[DecodedFrame[AnyPicture]]]


def without_gaps(
    info: VideoInfo, chunk: Chunk, decode: Decode[AnyPicture]
) -> Iterator[DecodedFrame[AnyPicture]]:
    """The frames that `decode` gives of the chunk, each once; where it finds none, the last good one before, again.

    For that the video is decoded from its beginning, or whole where nothing before is good either. Raises
    DamagedInputError if the video has no good frame at all.
    """
    due = chunk.start
    everything = replace(chunk, start=0, start_pts=info.start_pts, seek_frame=None)
    attempts = (chunk, everything, replace(everything, stop=info.frame_count))
    for number, span in enumerate(attempts, start=1):
        try:
            for frame in decode(span):
                if due <= frame.number < chunk.stop:
                    yield frame
                    due = frame.number + 1
        except DamagedInputError:
            if due < chunk.stop and number == len(attempts):
                raise
        if due == chunk.stop:
            return
