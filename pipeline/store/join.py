"""Join the files of a run's chunks; the result does not depend on where the chunks were cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import StoreError
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tables


def join_detections(path: Path, parts: Sequence[Path]) -> None:
    """Write one file with all rows of `parts`, given in frame order, with one part in memory at a time.

    Raises StoreError if a part cannot be read, is of another video, or does not begin where the one before it ends.
    """
    if not parts:
        raise ValueError("join_detections: expected at least one part, found none")
    write_tables(path, _joined_header(parts), _tables(parts))


def _joined_header(parts: Sequence[Path]) -> Header:
    headers = []
    for part in parts:
        with DetectionsFile(part) as file:
            headers.append(file.header)
    for (before, after), part in zip(pairwise(headers), parts[1:], strict=True):
        if after.first_frame != before.stop_frame:
            raise StoreError(
                f"{part} does not begin where the part before it ends.",
                found=f"its first frame is {after.first_frame} instead of {before.stop_frame}",
            )
        if _video(after) != _video(before):
            raise StoreError(
                f"{part} is of another video or run than the part before it.",
                found=f"{_video(after)}, and before it {_video(before)}",
            )
    motions = [header.motions for header in headers if header.motions is not None]
    return replace(
        headers[0],
        pts=np.concatenate([header.pts for header in headers]),
        motions=np.concatenate(motions) if motions else None,
        edges={frame: edges for header in headers for frame, edges in header.edges.items()},
    )


def _video(header: Header) -> tuple[object, ...]:
    """The facts that all parts of a run have in common."""
    measured = header.motions is not None
    return header.width, header.height, header.time_base, header.tracked, dict(header.class_names), measured


def _tables(parts: Sequence[Path]) -> Iterator[pa.Table]:
    for part in parts:
        with DetectionsFile(part) as file:
            yield file.table()
