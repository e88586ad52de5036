"""Read a file of stored detections: its header, and the frames of any span."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from pipeline.errors import StoreError
from pipeline.store.header import Header
from pipeline.store.parquet_rows import AGAIN, ParquetRows
from pipeline.store.schema import OPTIONAL, SCHEMA, completed, from_table
from pipeline.store.summed import check_summed
from pipeline.store.writer import HEADER_KEY
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FOUND, Tracks

_SPAN_FRAMES = 256


class DetectionsFile(ParquetRows):
    """A file of stored detections, open for reading.

    Raises StoreError if the file is missing, not Parquet, lacks a column or the header, is damaged, or does not match
    the hash stored beside it.
    """

    def __init__(self, path: Path) -> None:
        check_summed(path)
        super().__init__(path, "stored detections")
        try:
            self._check_columns()
            self.header = self._read_header()
        except StoreError:
            self.close()
            raise

    def read(self, start: int | None = None, stop: int | None = None) -> list[Detections]:
        """The network's detections in each frame of [start, stop), numbered as in the source; all frames by default."""
        return [tracks.detections[tracks.origins == FOUND] for tracks in self._read(start, stop)]

    def read_tracks(self, start: int | None = None, stop: int | None = None) -> list[Tracks]:
        """Tracks of each frame of [start, stop). Raises StoreError if the file contains no tracks."""
        if not self.header.tracked:
            raise StoreError(
                f"{self.path} contains no tracks.",
                found="detections only",
                do="name the file of a finished run",
            )
        return self._read(start, stop)

    def frames(self) -> Iterator[tuple[int, Tracks]]:
        """Number and tracks of each frame, read a span at a time."""
        for start in range(self.header.first_frame, self.header.stop_frame, _SPAN_FRAMES):
            stop = min(start + _SPAN_FRAMES, self.header.stop_frame)
            yield from enumerate(self._read(start, stop), start)

    def table(self, start: int | None = None, stop: int | None = None) -> pa.Table:
        """The known columns of all row groups with rows of [start, stop), which may have more rows."""
        first, end = self._span(start, stop)
        groups = self._groups_of(first, end)
        there = [name for name in (*SCHEMA.names, *OPTIONAL.names) if name in self._file.schema_arrow.names]
        return completed(self._read_rows(lambda file: file.read_row_groups(groups, columns=there)))

    def _read(self, start: int | None, stop: int | None) -> list[Tracks]:
        first, end = self._span(start, stop)
        try:
            return from_table(self.table(first, end), first, end)
        except ValueError as error:
            raise self._damaged(error) from error

    def _span(self, start: int | None, stop: int | None) -> tuple[int, int]:
        first = self.header.first_frame if start is None else start
        end = self.header.stop_frame if stop is None else stop
        if not self.header.first_frame <= first <= end <= self.header.stop_frame:
            raise ValueError(
                f"{self.path} holds the frames [{self.header.first_frame}, {self.header.stop_frame}), "
                f"asked for [{first}, {end})"
            )
        return first, end

    def _check_columns(self) -> None:
        there = self._file.schema_arrow
        faults = [
            f"{field.name} ({field.type}) is missing" for field in SCHEMA if field.name not in there.names
        ]
        faults += [
            f"{field.name} is {there.field(field.name).type}, expected {field.type}"
            for field in (*SCHEMA, *OPTIONAL)
            if field.name in there.names and there.field(field.name).type != field.type
        ]
        if faults:
            raise StoreError(
                f"{self.path} does not have the columns of stored detections.", found="; ".join(faults)
            )

    def _read_header(self) -> Header:
        text = self._metadata(HEADER_KEY)
        if text is None:
            raise StoreError(f"{self.path} has no header {HEADER_KEY.decode()!r} in its metadata.", do=AGAIN)
        try:
            return Header.from_json(text.decode())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"The header of {self.path} cannot be read.", found=str(error), do=AGAIN
            ) from error
