"""The sheet of a film: what looks forward alone above, what looks back below."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.store.header import Header
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import INTERPOLATED, Tracks
from pipeline.video.read.probe import probe
from sample_videos import film_sheet as module
from sample_videos.film_sheet import film_sheet


@pytest.fixture
def detections(traffic, tmp_path):
    """A car that is found in frames 0 to 3 and 5, and that the run drew in frame 4 as well."""
    info = probe(traffic)
    box, mask = np.array([[20, 20, 60, 50]], np.float32), np.full((1, 28, 28), 255, np.uint8)
    found = Detections(box, np.full(1, 0.9, np.float32), np.full(1, 3, np.int32), mask)
    drawn = Tracks(found, np.array([1]), found.class_ids, found.scores)
    filled = Tracks(found, np.array([1]), found.class_ids, found.scores, np.array([INTERPOLATED], np.uint8))
    frames = [drawn] * 4 + [filled] + [drawn] * (info.frame_count - 5)
    header = Header(info.width, info.height, info.time_base, 0, info.pts, {3: "car"})
    write_tracks(tmp_path / "detections.parquet", header, frames)
    return tmp_path / "detections.parquet"


def test_what_only_looking_back_knows_is_in_the_lower_row_alone(traffic, detections):
    sheet = film_sheet(traffic, detections, [3, 4], (15, 15, 50, 40))
    assert sheet.shape == (80, 100, 3)
    apart = np.abs(sheet[:40].astype(int) - sheet[40:]).max(axis=2).mean(axis=0).reshape(2, 50).mean(axis=1)
    assert apart[0] < 1  # frame 3 is drawn alike
    assert apart[1] > 20


def test_a_frame_that_the_video_lacks_is_refused(traffic, detections):
    with pytest.raises(ValueError, match=r"asked for are \[3, 4000\]"):
        film_sheet(traffic, detections, [3, 4000], None)


def test_it_writes_a_picture_of_whole_frames(traffic, detections, tmp_path, monkeypatch, capsys):
    target = tmp_path / "new" / "sheet.jpg"
    words = ["film_sheet", str(traffic), str(detections), str(target), "--frames", "3"]
    monkeypatch.setattr("sys.argv", words)
    module.main()
    info = probe(traffic)
    assert capsys.readouterr().out == f"{target}\n"
    assert cv2.imread(str(target)).shape == (2 * info.height, info.width, 3)
