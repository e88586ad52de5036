"""The columns of stored detections, and the conversion of frames to columns and back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.store.header import Header
from pipeline.structures.detections import Detections
from pipeline.structures.masks import ROI_MASK_SIZE
from pipeline.structures.tracks import FOUND, NO_TRACK, ORIGINS, Tracks

#: A row per detection, in frame order; within a frame in the network's order, followed by the rows derived from other
#: frames. See docs/detections.md.
SCHEMA = pa.schema(
    [
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("pts", pa.int64(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("class_id", pa.int32(), nullable=False),
        pa.field("class", pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("track_id", pa.int64()),
        pa.field("track_class_id", pa.int32()),
        pa.field("track_class", pa.string()),
        pa.field("track_peak_score", pa.float32()),
        pa.field("x1", pa.float32(), nullable=False),
        pa.field("y1", pa.float32(), nullable=False),
        pa.field("x2", pa.float32(), nullable=False),
        pa.field("y2", pa.float32(), nullable=False),
        # Cropped to the box, as the network returns it, so that it can be pasted at any size.
        pa.field("mask", pa.binary(), nullable=False),
    ]
)

#: Columns that a file may lack; all of its rows are then `found`.
OPTIONAL = pa.schema([pa.field("origin", pa.string(), nullable=False)])

#: The columns of new files.
WRITTEN = pa.unify_schemas([SCHEMA, OPTIONAL])

_BOX = ("x1", "y1", "x2", "y2")
_MASK_BYTES = ROI_MASK_SIZE * ROI_MASK_SIZE


def to_table(header: Header, frames: Sequence[Tracks]) -> pa.Table:
    """The rows of `frames`, an entry for each frame of `header`; track columns are null without a track."""
    if len(frames) != len(header.pts):
        raise ValueError(f"expected {len(header.pts)} frames as in the header, found {len(frames)}")
    counts = np.array([len(tracks) for tracks in frames], np.intp)
    detections = [tracks.detections for tracks in frames]
    boxes = np.concatenate([found.boxes for found in detections])
    class_ids = np.concatenate([found.class_ids for found in detections])
    masks = np.concatenate([found.roi_masks for found in detections])
    columns = {
        "frame": np.repeat(np.arange(header.first_frame, header.stop_frame), counts),
        "pts": np.repeat(header.pts, counts),
        "seconds": np.repeat(header.seconds, counts),
        "class_id": class_ids,
        "class": _names(header, class_ids),
        "score": np.concatenate([found.scores for found in detections]),
        **_track_columns(header, frames),
        **{name: np.ascontiguousarray(boxes[:, column]) for column, name in enumerate(_BOX)},
        "mask": [mask.tobytes() for mask in masks],
        "origin": [ORIGINS[origin] for tracks in frames for origin in tracks.origins.tolist()],
    }
    return pa.table(columns, schema=WRITTEN)


def _track_columns(header: Header, frames: Sequence[Tracks]) -> dict[str, pa.Array]:
    track_ids = np.concatenate([tracks.track_ids for tracks in frames])
    class_ids = np.concatenate([tracks.class_ids for tracks in frames])
    scores = np.concatenate([tracks.peak_scores for tracks in frames])
    missing = track_ids == NO_TRACK
    return {
        "track_id": pa.array(track_ids, mask=missing),
        "track_class_id": pa.array(class_ids, mask=missing),
        "track_class": pa.array(_names(header, class_ids), pa.string(), mask=missing),
        "track_peak_score": pa.array(scores, mask=missing),
    }


def _names(header: Header, class_ids: NDArray[np.int32]) -> list[str]:
    try:
        return [header.class_names[int(class_id)] for class_id in class_ids]
    except KeyError as unknown:
        raise ValueError(f"class id {unknown} has no name in the header") from None


def from_table(table: pa.Table, start: int, stop: int) -> list[Tracks]:
    """The tracks of each frame of [start, stop), from rows in frame order; rows of other frames are ignored.

    Raises ValueError for a mask of another size, or an unknown origin.
    """
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    borders = np.searchsorted(columns["frame"].to_numpy(), np.arange(start, stop + 1))
    masks = columns["mask"].to_pylist()
    if any(len(mask) != _MASK_BYTES for mask in masks):
        raise ValueError(f"expected masks of {_MASK_BYTES} bytes, found {sorted({len(m) for m in masks})}")
    pixels = np.frombuffer(b"".join(masks), np.uint8).reshape(-1, ROI_MASK_SIZE, ROI_MASK_SIZE)
    found = Detections(
        boxes=np.stack([columns[name].to_numpy() for name in _BOX], axis=1),
        scores=columns["score"].to_numpy(),
        class_ids=columns["class_id"].to_numpy(),
        roi_masks=pixels,
    )
    track_ids = columns["track_id"].fill_null(NO_TRACK).to_numpy()
    peaks = columns["track_peak_score"].to_numpy(zero_copy_only=False)
    classes = columns["track_class_id"].fill_null(NO_TRACK).to_numpy()
    missing = track_ids == NO_TRACK
    classes, peaks = np.where(missing, found.class_ids, classes), np.where(missing, found.scores, peaks)
    origins = np.array([ORIGINS.index(name) for name in columns["origin"].to_pylist()], np.uint8)
    spans = [slice(low, high) for low, high in pairwise(borders)]
    return [Tracks(found[span], track_ids[span], classes[span], peaks[span], origins[span]) for span in spans]


def completed(table: pa.Table) -> pa.Table:
    """The table with exactly the columns of WRITTEN, in their order; missing ones are filled in."""
    if "origin" not in table.column_names:
        table = table.append_column(
            OPTIONAL.field("origin"), pa.array([ORIGINS[FOUND]] * len(table), pa.string())
        )
    return table.select(WRITTEN.names).cast(WRITTEN)
