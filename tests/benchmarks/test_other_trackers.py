"""Trackers beside each other, on a run of which the answers are known."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from benchmarks import other_trackers
from pipeline.store.writer import write_tracks
from pipeline.structures.tracks import NO_TRACK
from tests.evaluation.tracks.test_measure_run import FRAMES, car_at, header, tracked, write_labels

WEAK = (70, 50, 110, 80), 0.15, 1


class Answer:
    """What a tracker gives back: a number for each row that it was asked for."""

    def __init__(self, tracker_id: np.ndarray, data: dict[str, np.ndarray]) -> None:
        self.tracker_id, self.data = tracker_id, data

    def __len__(self) -> int:
        return len(self.tracker_id)


class NewNumbers:
    """A tracker that confirms nothing in its first frame, and gives a new number in each of the others."""

    def __init__(self, frame_rate: float, **settings: float) -> None:
        assert frame_rate == pytest.approx(10)
        assert settings["high_conf_det_threshold"] == 0.5
        self.frames = 0

    def update(self, asked, picture: np.ndarray | None) -> Answer:
        assert asked.confidence.tolist() == pytest.approx([0.8])  # the weak one is not asked for
        self.frames += 1
        return Answer(np.array([self.frames - 2]), asked.data)


class Sighted(NewNumbers):
    """One number for all, if it sees the pictures."""

    def update(self, asked, picture: np.ndarray | None) -> Answer:
        assert picture is not None
        return Answer(np.zeros(len(super().update(asked, picture)), np.int64), asked.data)


def test_a_row_for_each_tracker(tmp_path, capsys, monkeypatch):
    run, labels = tmp_path / "detections.parquet", write_labels(tmp_path / "truth.json")
    write_tracks(
        run, header(), [tracked([(car_at(at), 0.8, 3), WEAK], [1, NO_TRACK]) for at in range(FRAMES)]
    )
    theirs = ModuleType("trackers")
    theirs.ByteTrackTracker = theirs.OCSORTTracker = NewNumbers
    theirs.BoTSORTTracker = Sighted
    monkeypatch.setitem(sys.modules, "trackers", theirs)
    monkeypatch.setattr(other_trackers, "_pictures", lambda _: iter(np.zeros((FRAMES, 4, 4, 3), np.uint8)))
    monkeypatch.setattr(sys, "argv", ["", str(run), "--truth", str(labels), "--video", "drive.mp4"])
    other_trackers.main()
    _, _, *rows = capsys.readouterr().out.splitlines()
    cells = {row.split(" | ")[0].strip("| "): row.split(" | ")[1:-1] for row in rows}
    kept = ["0", "1.000", "1.000, 1.000", "1.000", "1"]
    assert cells["seg-video"] == cells["seg-video, forward"] == cells["BoT-SORT"] == kept
    assert cells["true numbers, from 0.5 on"] == cells["true numbers, from 0.1 on"] == kept
    # Five of six frames, each under a number of its own: 2 x 1 / (6 + 5), and HOTA = sqrt(5/6 x 1/6).
    assert cells["ByteTrack"] == cells["OC-SORT"] == ["4", "0.182", "0.200, 0.167", "0.373", "5"]


def test_a_video_that_ends_before_its_run_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="fewer frames than its run"):
        next(other_trackers._pictures(tmp_path / "none.mp4"))
