"""Check that an output is the same video as its source, plus masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.api.settings import flag, path_text, request_of_keywords
from pipeline.proof import verify as proof
from pipeline.proof.verify import Proof
from pipeline.structures.address import place_of


def verify(source: str | Path, output: str | Path, *, quick: bool = False, **reading: Any) -> Proof:
    """Compare an output with its source; the result's `holds` is True if every check passes.

    quick : compare packets without decoding them.
    reading : frames_as_video, as the run was given it; for a part whose run's record is gone, also start, end,
    duration and keep_times.
    Raises InputError for a file that cannot be read.
    """
    request = request_of_keywords(source, output, reading, ("decode",))
    return proof.verify(
        place_of(request.inputs[0]),
        place_of(path_text(output, "output")),
        quick=flag(quick, "quick"),
        part=request.settings.decode,
    )
