"""Frames in, one Parquet file out; the same frames give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.files import whole_stream
from pipeline.store.header import Header
from pipeline.store.schema import WRITTEN, to_table
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks

#: Key of the header in the file's metadata.
HEADER_KEY = b"seg_video"

#: A row group has this many rows whatever the chunks were, so that a joined file does not tell its chunks.
ROW_GROUP_ROWS = 4096


def write_detections(path: Path, header: Header, frames: Sequence[Detections]) -> None:
    """Write the detections of each frame of `header`, not tracked yet. Raises StoreError."""
    untracked = replace(header, tracked=False)
    write_tables(path, untracked, [to_table(untracked, [Tracks.untracked(found) for found in frames])])


def write_tracks(path: Path, header: Header, frames: Sequence[Tracks]) -> None:
    """Write the tracks of each frame of `header`. Raises StoreError."""
    tracked = replace(header, tracked=True)
    write_tables(path, tracked, [to_table(tracked, frames)])


def write_tables(path: Path, header: Header, tables: Iterable[pa.Table]) -> None:
    """Write rows that come in frame order, table by table, holding one row group. Raises StoreError."""
    with (
        whole_stream(path) as stream,
        pq.ParquetWriter(
            stream,
            WRITTEN,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=3,
            use_dictionary=["class", "track_class", "origin"],
            write_statistics=["frame", "pts", "seconds", "track_id"],
            store_schema=False,  # the types are Parquet's own; the blob would only repeat them
        ) as writer,
    ):
        writer.add_key_value_metadata({HEADER_KEY: header.to_json()})
        for group in _row_groups(tables):
            writer.write_table(group, row_group_size=ROW_GROUP_ROWS)


def _row_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, cut every ROW_GROUP_ROWS."""
    waiting = WRITTEN.empty_table()
    for table in tables:
        waiting = pa.concat_tables([waiting, table])
        while waiting.num_rows >= ROW_GROUP_ROWS:
            yield waiting.slice(0, ROW_GROUP_ROWS)
            waiting = waiting.slice(ROW_GROUP_ROWS)
    if waiting.num_rows:
        yield waiting
