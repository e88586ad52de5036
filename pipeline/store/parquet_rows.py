"""Parquet files that are reproducible to the byte, and whose damage is reported as StoreError."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import StoreError
from pipeline.files import whole_stream

Opened = TypeVar("Opened", bound="ParquetRows")

#: Advice for a damaged file of a run.
AGAIN = "delete it and run again, which makes it anew"


def write_rows(
    path: Path,
    schema: pa.Schema,
    metadata: tuple[bytes, bytes | str],
    tables: Iterable[pa.Table],
    group_rows: int,
    **how: Any,
) -> None:
    """Write rows that come in tables, with one row group in memory at a time. Raises WriteError.

    metadata : a key and its content. group_rows : rows per row group, whatever the tables are, so that a joined file
    does not depend on its parts. how : further settings of Parquet's writer.
    """
    with (
        whole_stream(path) as stream,
        pq.ParquetWriter(
            stream,
            schema,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=3,
            store_schema=False,  # all types are Parquet's own, so Arrow's schema would only repeat them
            **how,
        ) as writer,
    ):
        writer.add_key_value_metadata(dict([metadata]))
        for group in row_groups(schema, tables, group_rows):
            writer.write_table(group, row_group_size=group_rows)


def row_groups(schema: pa.Schema, tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """The same rows in tables of `rows` rows."""
    waiting = schema.empty_table()
    for table in tables:
        waiting = pa.concat_tables([waiting, table])
        while waiting.num_rows >= rows:
            yield waiting.slice(0, rows).combine_chunks()
            waiting = waiting.slice(rows)
    if waiting.num_rows:
        yield waiting.combine_chunks()


class ParquetRows:
    """A Parquet file whose first column is `frame`, open for reading.

    holds : its content in words, for errors. Raises StoreError if it is missing, not Parquet, or damaged.
    """

    def __init__(self, path: Path, holds: str) -> None:
        self.path, self._holds = path, holds
        try:
            # As bytes, since a name need not be UTF-8.
            opened = pa.OSFile(os.fsencode(path))
        except FileNotFoundError:
            raise StoreError(
                f"There is no file of {holds} at {path}.", do="run again, which makes it"
            ) from None
        except OSError as error:
            # A folder, or a file of somebody else: nothing to delete.
            raise StoreError(
                f"{path} cannot be opened.", found=str(error), do="name a file that may be read"
            ) from error
        try:
            self._file = pq.ParquetFile(opened)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close(force=True)

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_rows(self, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
        try:
            return read(self._file)
        except (OSError, pa.ArrowException) as error:
            raise self._damaged(error) from error

    def _groups_of(self, start: int, stop: int) -> list[int]:
        """Indices of the row groups that may hold rows of the frames [start, stop)."""
        found = []
        for group in range(self._file.num_row_groups):
            frames = self._file.metadata.row_group(group).column(0).statistics
            if frames is None or not frames.has_min_max or (frames.min < stop and frames.max >= start):
                found.append(group)
        return found

    def _metadata(self, key: bytes) -> bytes | None:
        return (self._file.schema_arrow.metadata or {}).get(key)

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(f"{self.path} cannot be read as {self._holds}.", found=str(error), do=AGAIN)
