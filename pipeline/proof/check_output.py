"""Read an output back before it is published, and check that it is the source's video."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.errors import InputError, MediaError
from pipeline.proof.check import Check
from pipeline.proof.compare import compare
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.facts import MediaFacts, read_facts
from pipeline.video.read.probe import probe


def check_output(
    path: Path, info: VideoInfo, kept: Collection[int], left_out: Collection[int] = ()
) -> tuple[str, ...]:
    """The differences from the source, a sentence each, by the checks of `seg-video verify`.

    Packets are compared without decoding, since the render pass has decoded every frame. Raises MediaError if frames,
    their times, their size, sound or subtitles differ, or the file cannot be read.

    Parameters
    ----------
    path : the output, under any name.
    info : the source.
    kept : indices of the source's streams that the output must contain besides the painted one.
    left_out : numbers of the source's frames that it must not show.

    """
    try:
        output = read_facts(probe(path), decode=False)
    except (MediaError, InputError) as error:
        raise MediaError(f"{path} cannot be read back.", found=str(error), do="run again") from error
    differing = [check for check in compare(_asked_for(info, kept, left_out), output) if check.holds is False]
    vital = [_words(check) for check in differing if check.vital]
    if vital:
        raise MediaError(
            f"{path} is not the same video as {info.path}.",
            found="; ".join(vital),
            do="run again; if that does not help, name an output in another format",
        )
    return tuple(f"differs from the source: {_words(check)}" for check in differing)


def _asked_for(info: VideoInfo, kept: Collection[int], left_out: Collection[int]) -> MediaFacts:
    """The facts of the source, without what the output must not contain."""
    facts = read_facts(info, decode=False, header=False)
    tracks = tuple(track for track in facts.tracks if track.stream.index in kept)
    return replace(facts, pts=np.delete(facts.pts, sorted(left_out)), tracks=tracks)


def _words(check: Check) -> str:
    note = f" ({check.note})" if check.note else ""
    return f"{check.name}: {check.output} instead of {check.source}{note}"
