"""Proof that an output is the same video as its source, plus masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.api.settings import request_of_keywords
from pipeline.proof import verify as proof
from pipeline.proof.verify import Proof


def verify(source: str | Path, output: str | Path, *, quick: bool = False, **part: Any) -> Proof:
    """The proof, whose `holds` says whether every check does; both files are read from beginning to end.

    quick : compare packets only, decode nothing. part : start, end, duration, keep_times, as the run was given them,
    where the output is a part and its run's record is not there. Raises InputError for a file that cannot be read.
    """
    asked = request_of_keywords(source, output, part, ("decode",)).settings.decode if part else None
    return proof.verify(Path(source), Path(output), quick=quick, part=asked)
