"""Proof that an output is the same video as its source, plus masks."""

from __future__ import annotations

from pathlib import Path

from pipeline.proof import verify as proof
from pipeline.proof.verify import Proof


def verify(source: str | Path, output: str | Path, *, quick: bool = False) -> Proof:
    """The proof, whose `holds` says whether every check does; both files are read from beginning to end.

    quick : compare packets only, decode nothing. Raises InputError for a file that cannot be read.
    """
    return proof.verify(Path(source), Path(output), quick=quick)
