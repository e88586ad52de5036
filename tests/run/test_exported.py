"""Exports of a run hold what its video shows, whatever was asked of that."""

from __future__ import annotations

import csv
import json
from collections import Counter

import pytest

import seg_video


def exported(output, folder, **options):
    """The classes of a run's tracks, and the most objects that a frame has."""
    with (seg_video.export(output, "csv", folder / "csv", **options) / "tracks.csv").open() as file:
        classes = {row["class"] for row in csv.DictReader(file)}
    coco = json.loads(
        (seg_video.export(output, "coco", folder / "coco", **options) / "annotations.json").read_text()
    )
    return classes, max(Counter(entry["image_id"] for entry in coco["annotations"]).values())


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, ({"person", "car"}, 2)),
        ({"classes": ["car"]}, ({"car"}, 1)),
        ({"max_objects": 1}, ({"car"}, 1)),
    ],
)
def test_an_export_holds_the_objects_that_the_video_shows(work, traffic, tmp_path, asked, shown):
    work([traffic], tmp_path / "out.mp4", **asked)
    assert exported(tmp_path / "out.mp4", tmp_path) == shown
    assert exported(tmp_path / "out.mp4", tmp_path / "all", everything=True)[0] == {"person", "car"}
