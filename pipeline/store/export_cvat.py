"""Export tracks as CVAT for video 1.1: XML with a polygon for each track and frame."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from pipeline.files import whole_stream
from pipeline.store.chosen_rows import RowChoice, all_rows
from pipeline.store.header import Header
from pipeline.store.polygons import polygon_of
from pipeline.store.reader import DetectionsFile
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import NO_TRACK, Tracks
from pipeline.terminal import printable


@dataclass
class _Places:
    """A track's shapes in the scratch file: frame, offset and length of each. class_id : by the last vote."""

    class_id: int = 0
    shapes: list[tuple[int, int, int]] = field(default_factory=list)


def export_cvat(file: DetectionsFile, path: Path, choose: RowChoice = all_rows) -> None:
    """Write `path`, for a task with the source's frames, numbered from 0. choose : which rows of a frame.

    Every shape is a keyframe, so that CVAT does not interpolate; where a track is absent, it is `outside`. Detections
    without a track, and masks without a pixel, are left out. Polygons are collected in a file and not in memory,
    because XML is ordered by track and the detections by frame. Raises StoreError and WriteError.
    """
    with tempfile.TemporaryFile(dir=path.parent) as scratch, whole_stream(path) as stream:
        tracks = _collect(file, scratch, choose)
        stream.write(_meta(file.header, path.stem).encode())
        for track in sorted(tracks):
            for text in _track(file.header, track, tracks[track], scratch):
                stream.write(text)
        stream.write(b"</annotations>\n")


def _collect(file: DetectionsFile, scratch: BinaryIO, choose: RowChoice) -> dict[int, _Places]:
    found: dict[int, _Places] = {}
    offset = 0
    for frame, tracks in file.frames():
        for row in choose(frame, tracks):
            points = _points(file.header, tracks, int(row))
            if tracks.track_ids[row] == NO_TRACK or not points:
                continue
            places = found.setdefault(int(tracks.track_ids[row]), _Places())
            places.class_id = int(tracks.class_ids[row])
            places.shapes.append((frame, offset, scratch.write(points)))
            offset += len(points)
    return found


def _points(header: Header, tracks: Tracks, row: int) -> bytes:
    """`x,y;x,y;...` in px."""
    found = tracks.detections
    mask = paste_mask(found.roi_masks[row], found.boxes[row], header.height, header.width)
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in polygon_of(mask, "edges")).encode()


def _track(header: Header, track: int, places: _Places, scratch: BinaryIO) -> Iterator[bytes]:
    # XML cannot hold control characters, not even escaped.
    label = quoteattr(printable(header.class_names[places.class_id]))
    yield f'  <track id="{track}" label={label} source="auto">\n'.encode()
    for number, (frame, offset, length) in enumerate(places.shapes):
        scratch.seek(offset)
        points = scratch.read(length).decode()
        yield _polygon(frame, points, outside=False)
        after = places.shapes[number + 1][0] if number + 1 < len(places.shapes) else header.stop_frame
        if after > frame + 1:
            yield _polygon(frame + 1, points, outside=True)
    yield b"  </track>\n"


def _polygon(frame: int, points: str, *, outside: bool) -> bytes:
    return (
        f'    <polygon frame="{frame}" keyframe="1" outside="{int(outside)}" occluded="0" points="{points}" '
        'z_order="0"></polygon>\n'
    ).encode()


def _meta(header: Header, name: str) -> str:
    labels = "".join(
        f"        <label><name>{escape(printable(header.class_names[key]))}</name><type>polygon</type>"
        "<attributes></attributes></label>\n"
        for key in sorted(header.class_names)
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <name>{escape(printable(name))}</name>
      <size>{header.stop_frame}</size>
      <mode>interpolation</mode>
      <start_frame>0</start_frame>
      <stop_frame>{header.stop_frame - 1}</stop_frame>
      <labels>
{labels}      </labels>
      <original_size><width>{header.width}</width><height>{header.height}</height></original_size>
    </task>
  </meta>
"""
