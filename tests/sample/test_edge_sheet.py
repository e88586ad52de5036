"""The sheet of edges: the same mask twice, the second time with a soft edge, and no other pixel apart."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.store.header import Header
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import Tracks
from pipeline.video.read.probe import probe
from sample_videos.edge_sheet import edge_sheet


@pytest.fixture
def detections(traffic, tmp_path):
    """A small and a large object in frame 3 of the clip, nothing in the others."""
    info = probe(traffic)
    down, across = np.mgrid[:28, :28] - 13.5
    disc = np.rint(255 / (1 + np.exp((np.hypot(down, across) - 11) * 2))).astype(np.uint8)
    boxes = np.array([[2, 2, 14, 14], [20, 20, 84, 68]], np.float32)
    found = Detections(boxes, np.full(2, 0.9, np.float32), np.full(2, 3, np.int32), np.stack([disc, disc]))
    frames = [Tracks.untracked(Detections.empty())] * info.frame_count
    frames[3] = Tracks(found, np.array([1, 2]), found.class_ids, found.scores)
    header = Header(info.width, info.height, info.time_base, 0, info.pts, {3: "car"})
    write_tracks(tmp_path / "detections.parquet", header, frames)
    return tmp_path / "detections.parquet"


def test_both_sides_show_the_largest_object_and_differ_along_its_edge_only(traffic, detections):
    sheet = edge_sheet(traffic, detections, 3, width=90, height=60)
    assert sheet.shape == (60, 180, 3)
    apart = np.abs(sheet[:, :90].astype(int) - sheet[:, 90:]).max(axis=2) > 3
    # The box's middle is at (52, 44); the frame's edge may push the sheet's window, so its own middle is sought.
    rows, columns = np.flatnonzero(apart.any(axis=1)), np.flatnonzero(apart.any(axis=0))
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    assert 0.01 < apart.mean() < 0.25
    assert not apart[middle[0] - 8 : middle[0] + 8, middle[1] - 8 : middle[1] + 8].any()
    assert columns[-1] - columns[0] > 40


def test_a_frame_without_objects_is_refused(traffic, detections):
    with pytest.raises(ValueError, match="nothing in frame 4"):
        edge_sheet(traffic, detections, 4, width=90, height=60)
