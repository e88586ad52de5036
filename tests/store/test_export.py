"""Exports: what other tools read, from two small frames whose numbers are known."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import StoreError
from pipeline.store.export_coco import export_coco
from pipeline.store.export_mots import export_mots
from pipeline.store.export_yolo import export_yolo
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks

# A frame of 6 x 4 px; in frame 7 a person overlaps a car by one column, and a third box follows no track.
HEADER = Header(6, 4, Fraction(1, 10), 7, np.array([70, 71], np.int64), {1: "person", 3: "car"})


@pytest.fixture
def stored(tmp_path: Path) -> DetectionsFile:
    found = Detections(
        boxes=np.array([[1, 1, 4, 3], [3, 1, 5, 3], [0, 3, 1, 4]], np.float32),
        scores=np.array([0.9, 0.6, 0.3], np.float32),
        class_ids=np.array([1, 1, 3], np.int32),
        roi_masks=np.full((3, 28, 28), 255, np.uint8),
    )
    tracks = Tracks(found, np.array([4, 9, NO_TRACK]), np.array([1, 3, 3], np.int32), found.scores)
    empty = Tracks.untracked(Detections.empty())
    write_tracks(tmp_path / "run.parquet", HEADER, [tracks, empty])
    return DetectionsFile(tmp_path / "run.parquet")


def test_coco_has_an_image_a_frame_and_an_annotation_a_detection(stored, tmp_path):
    export_coco(stored, tmp_path / "out.json")
    coco = json.loads((tmp_path / "out.json").read_text())
    assert [(image["id"], image["pts"], image["seconds"]) for image in coco["images"]] == [
        (7, 70, 7.0),
        (8, 71, 7.1),
    ]
    assert coco["categories"] == [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]
    # The second one: columns 3 and 4, rows 1 and 2 of four: 13 out, 2 in, 2 out, 2 in, 5 out; the fourth and
    # fifth as differences to the second and third.
    assert coco["annotations"][1] == {
        "id": 2,
        "image_id": 7,
        "category_id": 3,
        "bbox": [3.0, 1.0, 2.0, 2.0],
        "area": 4,
        "segmentation": {"size": [4, 6], "counts": "=2203"},
        "iscrowd": 0,
        "score": 0.6,
        "track_id": 9,
    }
    assert "track_id" not in coco["annotations"][2]


def test_coco_leaves_weak_detections_out(stored, tmp_path):
    export_coco(stored, tmp_path / "out.json", conf=0.5)
    scores = [entry["score"] for entry in json.loads((tmp_path / "out.json").read_text())["annotations"]]
    assert scores == [0.9, 0.6]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools and numpy 2
def test_coco_is_read_by_cocos_own_tools(stored, tmp_path):
    mask = pytest.importorskip("pycocotools.mask")
    export_coco(stored, tmp_path / "out.json")
    entry = json.loads((tmp_path / "out.json").read_text())["annotations"][0]
    assert mask.decode(entry["segmentation"]).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]


def test_mots_masks_do_not_overlap_and_untracked_objects_have_no_line(stored, tmp_path):
    export_mots(stored, tmp_path / "out.txt")
    lines = [line.split(" ") for line in (tmp_path / "out.txt").read_text().splitlines()]
    assert [line[:5] for line in lines] == [["7", "4", "1", "4", "6"], ["7", "9", "3", "4", "6"]]
    # The better one keeps column 3; the other is left with column 4: 17 out ('a0'), 2 in, 5 out.
    assert lines[1][5] == "a025"


def test_yolo_has_a_file_a_frame_with_shares_of_the_frame(stored, tmp_path):
    export_yolo(stored, tmp_path / "labels", conf=0.5)
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == [
        "000007.txt",
        "000008.txt",
        "classes.txt",
    ]
    assert (tmp_path / "labels" / "classes.txt").read_text() == "person\ncar\n"
    assert (tmp_path / "labels" / "000008.txt").read_text() == ""
    assert (tmp_path / "labels" / "000007.txt").read_text().splitlines() == [
        "0 0.416667 0.500000 0.500000 0.500000 0.9000 4",
        "1 0.666667 0.500000 0.333333 0.500000 0.6000 9",
    ]


def test_yolo_does_not_mix_into_a_folder_that_is_there(stored, tmp_path):
    (tmp_path / "labels").mkdir()
    with pytest.raises(StoreError, match="is there already"):
        export_yolo(stored, tmp_path / "labels")


def test_yolo_takes_nothing_over_from_an_export_that_was_killed(stored, tmp_path):
    (tmp_path / "labels.part").mkdir()
    (tmp_path / "labels.part" / "000099.txt").write_text("left over")
    export_yolo(stored, tmp_path / "labels")
    assert not (tmp_path / "labels" / "000099.txt").exists()
    assert not (tmp_path / "labels.part").exists()


def test_a_failed_yolo_export_leaves_nothing(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(Header, "stop_frame", property(lambda header: 1 / 0))
    with pytest.raises(ZeroDivisionError):
        export_yolo(stored, tmp_path / "labels")
    assert [path.name for path in tmp_path.iterdir()] == ["run.parquet"]
