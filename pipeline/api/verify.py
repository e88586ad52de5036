"""Proof that an output is the same video as its source, plus masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.api.settings import request_of_keywords
from pipeline.proof import verify as proof
from pipeline.proof.verify import Proof
from pipeline.structures.address import place_of


def verify(source: str | Path, output: str | Path, *, quick: bool = False, **reading: Any) -> Proof:
    """The proof, whose `holds` says whether every check does; both files are read from beginning to end.

    quick : compare packets only, decode nothing. reading : frames_as_video, as the run was given it; start, end,
    duration, keep_times too, where the output is a part and its run's record is not there. Raises InputError for a file
    that cannot be read.
    """
    request = request_of_keywords(source, output, reading, ("decode",))
    return proof.verify(
        place_of(request.inputs[0]), place_of(str(output)), quick=quick, part=request.settings.decode
    )
