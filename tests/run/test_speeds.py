from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.job.settings import RunSettings, Settings
from pipeline.run.report.events import Begun, Counts, Ended, Ready, VideoFacts
from pipeline.run.report.speeds import Speed, SpeedListener, Speeds, speed_key
from pipeline.segment.settings import SegmentSettings
from pipeline.video.settings import EncodeSettings

FACTS = VideoFacts(
    100,
    4,
    1280,
    720,
    "a" * 64,
    "openvino float32",
    seconds=14.0,
    busy_seconds={"segment": 16.0, "render": 4.0},
)
TWO_WORKERS = Settings(run=RunSettings(workers=2))
KEY = speed_key("a" * 64, "openvino float32", (1280, 720), TWO_WORKERS)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Deaf:
    def tell(self, event):
        pass


def run(speeds, kept=0, seconds=10.0, settings=TWO_WORKERS):
    clock = Clock()
    listener = SpeedListener(Deaf(), speeds, settings, now=clock)
    counts = Counts("out.mp4", 100, {"segmented": kept, "rendered": 0})
    listener.tell(Begun(counts, kept))
    clock.now = 4.0
    listener.tell(Ready(counts))
    clock.now += seconds
    listener.tell(Ended("made", "out.mp4", FACTS))


def test_a_whole_run_is_remembered(tmp_path):
    run(Speeds(tmp_path))
    speed = Speeds(tmp_path).get(KEY)
    assert speed == Speed(frame_seconds=0.1, start_seconds=4.0, workers=2, finding_share=0.8)
    assert Speeds(tmp_path).latest() == speed
    assert speed.seconds(frames=300, chunks=8) == pytest.approx(34.0)
    assert speed.seconds(frames=300, chunks=1) == pytest.approx(64.0)  # one chunk keeps one of the two busy


def test_a_run_that_went_on_and_a_short_one_tell_nothing(tmp_path):
    run(Speeds(tmp_path), kept=40)
    run(Speeds(tmp_path), seconds=1.0)
    assert Speeds(tmp_path).latest() is None


def test_another_way_of_working_is_not_taken_for_this_one(tmp_path):
    """A third of the network's work says nothing about all of it, nor does a cluster about this machine."""
    run(Speeds(tmp_path))
    before = Speeds(tmp_path).get(KEY)
    run(Speeds(tmp_path), seconds=6.0, settings=replace(TWO_WORKERS, segment=SegmentSettings(every=3)))
    run(Speeds(tmp_path), seconds=6.0, settings=replace(TWO_WORKERS, encode=EncodeSettings(fast=True)))
    run(
        Speeds(tmp_path),
        seconds=6.0,
        settings=replace(TWO_WORKERS, run=RunSettings(workers=2, cluster="auto")),
    )
    assert Speeds(tmp_path).get(KEY) == before
    assert len(json.loads((tmp_path / "speeds.json").read_text())) == 3


@pytest.mark.parametrize("text", ["", "[1]", '{"x": 3}', '{"x": {"frame_seconds": "fast"}}'])
def test_a_file_that_says_nothing_is_as_good_as_none(text, tmp_path):
    (tmp_path / "speeds.json").write_text(text)
    assert Speeds(tmp_path).get("x") is None
    run(Speeds(tmp_path))
    assert Speeds(tmp_path).get(KEY) is not None


def test_a_folder_that_cannot_be_written_to_fails_nothing(tmp_path):
    (tmp_path / "file").touch()
    run(Speeds(tmp_path / "file"))
    assert Speeds(tmp_path / "file").get(KEY) is None
