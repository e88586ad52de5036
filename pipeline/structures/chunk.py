"""Chunk: a span of a video's frames that is worked on at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chunk:
    """Frames [start, stop) of the source, in presentation order, and where to begin decoding for them.

    index : position among the chunks of the run, from 0.
    start, stop : half-open span of frame numbers, never empty.
    start_pts : pts of frame `start`, in the source's time base.
    seek_frame : number of the keyframe to decode from; None decodes from the first packet, because no keyframe comes
        early enough.
    """

    index: int
    start: int
    stop: int
    start_pts: int
    seek_frame: int | None

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ValueError(f"Chunk: expected 0 <= start < stop, found [{self.start}, {self.stop})")
        if self.seek_frame is not None and not 0 <= self.seek_frame <= self.start:
            raise ValueError(
                f"Chunk.seek_frame: expected a frame in 0..{self.start} or None, found {self.seek_frame}"
            )

    def __len__(self) -> int:
        return self.stop - self.start
