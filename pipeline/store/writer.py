"""Write detections and tracks to Parquet files; the same frames give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from pipeline.store.header import Header
from pipeline.store.parquet_rows import write_rows
from pipeline.store.schema import WRITTEN, to_table
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks

#: Key of the header in the file's metadata.
HEADER_KEY = b"seg_video"

#: Rows of a row group.
ROW_GROUP_ROWS = 4096


def write_detections(path: Path, header: Header, frames: Sequence[Detections]) -> None:
    """Write the detections of each frame of `header`, without tracks. Raises WriteError."""
    untracked = replace(header, tracked=False)
    write_tables(path, untracked, [to_table(untracked, [Tracks.untracked(found) for found in frames])])


def write_tracks(path: Path, header: Header, frames: Sequence[Tracks]) -> None:
    """Write the tracks of each frame of `header`. Raises WriteError."""
    tracked = replace(header, tracked=True)
    write_tables(path, tracked, [to_table(tracked, frames)])


def write_tables(path: Path, header: Header, tables: Iterable[pa.Table]) -> None:
    """Write rows that come in tables, in frame order. Raises WriteError."""
    write_rows(
        path,
        WRITTEN,
        (HEADER_KEY, header.to_json()),
        tables,
        ROW_GROUP_ROWS,
        use_dictionary=["class", "track_class", "origin"],
        write_statistics=["frame", "pts", "seconds", "track_id"],
    )
