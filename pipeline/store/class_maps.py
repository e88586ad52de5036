"""Class maps on disk: a Parquet file beside the detections, with a row for each frame that the network looked at."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import StoreError
from pipeline.files import CLASS_MAPS_SUFFIX
from pipeline.store.header import Header
from pipeline.store.parquet_rows import AGAIN, ParquetRows, write_rows
from pipeline.structures.class_map import ClassMap
from pipeline.structures.pixel_classes import VOID, PixelClasses

#: Increased when a column or a metadata key changes its meaning; see docs/detections.md.
_VERSION = 1
_KEY = b"seg_video_classes"

_SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("pts", pa.int64(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("map", pa.binary(), nullable=False),
    ]
)

#: Row groups have a fixed size, so that a joined file does not depend on the chunks. Consecutive maps share a page,
#: because most of a map is the same as in the one before.
_GROUP_ROWS, _PAGE_BYTES = 64, 8 << 20


def class_maps_beside(detections: Path) -> Path:
    """The file of class maps that belongs to a file of detections."""
    return detections.with_suffix(CLASS_MAPS_SUFFIX)


def write_class_maps(path: Path, header: Header, classes: PixelClasses, maps: Mapping[int, ClassMap]) -> None:
    """Write class maps by frame number. header : of these frames. The same maps give the same bytes."""
    times = header.seconds
    numbers = sorted(maps)
    places = [number - header.first_frame for number in numbers]
    columns = {
        "frame": numbers,
        "pts": [int(header.pts[place]) for place in places],
        "seconds": [float(times[place]) for place in places],
        "height": [maps[number].shape[0] for number in numbers],
        "width": [maps[number].shape[1] for number in numbers],
        "map": [np.ascontiguousarray(maps[number], np.uint8).tobytes() for number in numbers],
    }
    _write(path, classes, [pa.table(columns, schema=_SCHEMA)])


def join_class_maps(path: Path, parts: Sequence[Path]) -> None:
    """Write one file with the maps of `parts`, given in frame order. Raises StoreError if one cannot be read."""
    with ClassMapsFile(parts[0]) as first:
        classes = first.classes
    _write(path, classes, (group for part in parts for group in _groups_of(part, classes)))


def _groups_of(part: Path, classes: PixelClasses) -> Iterator[pa.Table]:
    with ClassMapsFile(part) as file:
        if file.classes != classes:
            raise StoreError(f"{part} has other classes than the parts before it.", do=AGAIN)
        yield from file.groups()


def _write(path: Path, classes: PixelClasses, tables: Iterable[pa.Table]) -> None:
    content = {"schema": _VERSION, "classes": classes.by_name}
    write_rows(
        path,
        _SCHEMA,
        (_KEY, json.dumps(content, separators=(",", ":"))),
        (table.cast(_SCHEMA) for table in tables),
        _GROUP_ROWS,
        use_dictionary=False,
        data_page_size=_PAGE_BYTES,
        write_statistics=["frame", "pts", "seconds"],
    )


class ClassMapsFile(ParquetRows):
    """A file of class maps, open for reading; holds the maps of one row group at a time.

    classes : the meaning of the numbers. seconds : time of each frame with a map, by frame number, in order.
    Raises StoreError if the file is missing, has other columns, or is damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "class maps")
        try:
            self._check()
            self.classes = self._read_classes()
            rows = self._read_rows(partial(pq.ParquetFile.read, columns=["frame", "seconds"]))
            self.seconds: dict[int, float] = dict(
                zip(rows["frame"].to_pylist(), rows["seconds"].to_pylist(), strict=True)
            )
        except StoreError:
            self.close()
            raise
        self._maps = dict[int, ClassMap]()

    def read(self, frame: int) -> ClassMap:
        """The map of a frame that has one."""
        if frame not in self._maps:
            (group, *_) = self._groups_of(frame, frame + 1)
            self._maps = self._maps_of(self._read_rows(partial(pq.ParquetFile.read_row_group, i=group)))
        return self._maps[frame]

    def groups(self) -> Iterator[pa.Table]:
        """The rows, a row group at a time."""
        for group in range(self._file.num_row_groups):
            yield self._read_rows(partial(pq.ParquetFile.read_row_group, i=group))

    def _maps_of(self, table: pa.Table) -> dict[int, ClassMap]:
        maps = {}
        known = np.zeros(VOID + 1, np.bool_)
        known[[*range(len(self.classes)), VOID]] = True
        for row in table.to_pylist():
            pixels = np.frombuffer(row["map"], np.uint8)
            if pixels.size != row["height"] * row["width"] or not known[pixels].all():
                raise StoreError(f"{self.path} has an invalid map.", found=f"frame {row['frame']}", do=AGAIN)
            maps[row["frame"]] = pixels.reshape(row["height"], row["width"])
        return maps

    def _check(self) -> None:
        if self._file.schema_arrow.remove_metadata() != _SCHEMA:
            raise StoreError(
                f"{self.path} has other columns than class maps.",
                found=", ".join(f"{one.name} {one.type}" for one in self._file.schema_arrow),
            )

    def _read_classes(self) -> PixelClasses:
        text = self._metadata(_KEY) or b"{}"
        try:
            content = json.loads(text)
            if content["schema"] != _VERSION:
                raise ValueError(f"version {content['schema']}; this release reads {_VERSION}")
            return PixelClasses.of(content["classes"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"The classes of {self.path} cannot be read.", found=str(error), do=AGAIN
            ) from error
