"""The beginnings of sound that a Matroska file hides, which FFmpeg shows as packets before zero."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from pipeline.video.read.ebml import elements, unsigned

#: Matroska's ids: where its tracks lie, and of a track how much of its beginning no player lets be heard.
TRACKS = (0x18538067, 0x1654AE6B, 0xAE)
DELAY = 0x56AA

_NANOSECOND = Fraction(1, 10**9)


def codec_delays(path: Path, container: str) -> tuple[Fraction, ...]:
    """Hidden seconds of each track, in the order of the file; none of another format."""
    if "matroska" not in container:
        return ()
    with path.open("rb") as file:
        return tuple(
            sum(
                (unsigned(file, delay) * _NANOSECOND for _, delay in elements(file, track, DELAY)),
                Fraction(0),
            )
            for _, track in elements(file, (0, path.stat().st_size), *TRACKS)
        )
