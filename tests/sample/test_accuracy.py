"""The weights that ship, on the sample's truth: what a user sees after `make demo`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Mask AP50 that each class has to reach; the whole clip has more (docs/models/dashcam-lite.md). With red and blue
#: swapped, bus, stop sign and the identities fall below.
FLOORS = {
    "car": 0.945,
    "motorcycle": 0.9,
    "traffic light": 0.95,
    "person": 0.89,
    "bicycle": 0.88,
    "bus": 0.82,
    "truck": 0.85,
    "stop sign": 0.97,
}
#: What the mean of the eight has to reach.
LEAST_MEAN = 0.91


@pytest.fixture(scope="module")
def measured(tmp_path_factory, repo_root):
    """The output of `seg-video eval` for the whole clip."""
    out = tmp_path_factory.mktemp("accuracy") / "out.mp4"
    clip, truth = (repo_root / "sample_videos" / name for name in ("drive.mp4", "drive.json.gz"))
    for words in (
        [clip, out, "--workers", "0", "--preset", "ultrafast", "--quiet"],
        ["eval", out, "--truth", truth, "--json"],
    ):
        command = [sys.executable, "-m", "pipeline.cli", *map(str, words)]
        done = subprocess.run(command, cwd=repo_root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", FLOORS)
def test_the_sample_is_seen(measured, name):
    assert measured["classes"][name]["mask"]["ap50"] > FLOORS[name]


def test_the_mean_over_all_classes_holds(measured):
    assert set(measured["classes"]) - {"vehicle"} == set(FLOORS)
    found = [measured["classes"][name]["mask"]["ap50"] for name in FLOORS]
    assert sum(found) / len(found) > LEAST_MEAN


def test_what_is_shown_is_there(measured):
    shown = (
        measured["classes"]["vehicle"] if "vehicle" in measured["classes"] else measured["groups"]["vehicle"]
    )
    assert shown["precision"] > 0.95
    assert shown["recall"] > 0.75


def test_objects_keep_their_identities(measured):
    """At most one switch in ten seconds of an object."""
    assert measured["identities"]["switches_per_object_and_ten_seconds"] <= 1
