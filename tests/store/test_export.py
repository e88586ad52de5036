"""Exports: what other tools read, from two small frames whose numbers are known."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml

from pipeline.errors import UsageError
from pipeline.store import export_folder as export_folder_module
from pipeline.store.export_coco import export_coco
from pipeline.store.export_csv import export_csv
from pipeline.store.export_cvat import export_cvat
from pipeline.store.export_folder import export_folder
from pipeline.store.export_mots import export_mots
from pipeline.store.export_yolo import export_yolo
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks

# A frame of 6 x 4 px; in frame 7 a person overlaps a car by one column, and a third box follows no track.
HEADER = Header(6, 4, Fraction(1, 10), 7, np.array([70, 71], np.int64), {1: "person", 3: "car"})
FOUND = Detections(
    boxes=np.array([[1, 1, 4, 3], [3, 1, 5, 3], [0, 3, 1, 4]], np.float32),
    scores=np.array([0.9, 0.6, 0.3], np.float32),
    class_ids=np.array([1, 1, 3], np.int32),
    roi_masks=np.full((3, 28, 28), 255, np.uint8),
)


def at_least(score):
    return lambda _, tracks: np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= score))


@pytest.fixture
def stored(tmp_path: Path) -> DetectionsFile:
    tracks = Tracks(FOUND, np.array([4, 9, NO_TRACK]), np.array([1, 3, 3], np.int32), FOUND.scores)
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


def test_coco_leaves_out_what_the_video_does_not_show(stored, tmp_path):
    export_coco(stored, tmp_path / "out.json", at_least(0.7))
    scores = [entry["score"] for entry in json.loads((tmp_path / "out.json").read_text())["annotations"]]
    assert scores == [0.9]


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


def test_yolo_has_a_file_a_frame_with_polygons_in_shares_of_the_frame(stored, tmp_path):
    export_yolo(stored, tmp_path, at_least(0.5))
    labels = tmp_path / "labels"
    assert sorted(path.name for path in labels.iterdir()) == ["000007.txt", "000008.txt"]
    assert (tmp_path / "classes.txt").read_text() == "person\ncar\n"
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["names"] == {0: "person", 1: "car"}
    assert (labels / "000008.txt").read_text() == ""
    # Pixels 1..3 x 1..2 of 6 x 4, a quarter into each: 1.25 / 6, 1.25 / 4, ...
    lines = [line.split() for line in (labels / "000007.txt").read_text().splitlines()]
    assert [line[0] for line in lines] == ["0", "1"]
    assert set(zip(lines[0][1::2], lines[0][2::2], strict=True)) == {
        ("0.208333", "0.312500"),
        ("0.208333", "0.562500"),
        ("0.541667", "0.562500"),
        ("0.541667", "0.312500"),
    }


def test_yolo_has_scores_only_where_they_are_asked_for(stored, tmp_path):
    export_yolo(stored, tmp_path, at_least(0.5), scores=True)
    lines = (tmp_path / "labels" / "000007.txt").read_text().splitlines()
    assert [line.split()[-1] for line in lines] == ["0.9000", "0.6000"]


def test_csv_has_a_row_a_track(stored, tmp_path):
    export_csv(stored, tmp_path / "tracks.csv")
    assert (tmp_path / "tracks.csv").read_text().splitlines() == [
        "track_id,class,first_second,last_second,frames,best_score,largest_height_px",
        "4,person,7.000,7.000,1,0.9000,2.0",
        "9,car,7.000,7.000,1,0.6000,2.0",
    ]


def test_cvat_has_a_track_with_a_polygon_along_the_edges_and_its_end(stored, tmp_path):
    export_cvat(stored, tmp_path / "out.xml")
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert root.findtext("version") == "1.1"
    assert [label.findtext("name") for label in root.iter("label")] == ["person", "car"]
    assert [(track.get("id"), track.get("label")) for track in root.iter("track")] == [
        ("4", "person"),
        ("9", "car"),
    ]
    shapes = [(shape.get("frame"), shape.get("outside")) for shape in root.find("track")]
    assert shapes == [("7", "0"), ("8", "1")]
    corners = set(root.find("track")[0].get("points").split(";"))
    assert corners == {"1.00,1.00", "4.00,1.00", "4.00,3.00", "1.00,3.00"}


def test_cvat_holds_names_that_are_markup(tmp_path):
    header = replace(HEADER, class_names={1: '<a href="x">&\x1b'})
    found = Detections(
        *(getattr(FOUND, column)[:1] for column in ("boxes", "scores", "class_ids", "roi_masks"))
    )
    tracks = Tracks(found, np.array([4]), np.array([1], np.int32), found.scores)
    write_tracks(tmp_path / "run.parquet", header, [tracks, Tracks.untracked(Detections.empty())])
    with DetectionsFile(tmp_path / "run.parquet") as file:
        export_cvat(file, tmp_path / "out.xml")
    root = ElementTree.parse(tmp_path / "out.xml").getroot()
    assert root.find("track").get("label") == '<a href="x">&\\x1b'


def test_an_export_does_not_mix_into_a_folder_that_has_something(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"), export_folder(tmp_path / "labels"):
        pass
    with export_folder(tmp_path / "labels", overwrite=True) as folder:
        (folder / "new").mkdir()
        (folder / "new" / "a.txt").write_text("a")
    assert (tmp_path / "labels" / "mine.txt").read_text() == "mine"
    assert (tmp_path / "labels" / "new" / "a.txt").read_text() == "a"
    assert [path.name for path in tmp_path.iterdir()] == ["labels"]


def test_a_failed_export_leaves_nothing(tmp_path):
    def fail():
        with export_folder(tmp_path / "labels") as folder:
            (folder / "a.txt").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_came_into_the_folder_during_an_export_is_not_replaced(tmp_path):
    def export_slowly():
        with export_folder(tmp_path / "labels") as made:
            (made / "classes.txt").write_text("ours", encoding="utf-8")
            (tmp_path / "labels").mkdir()
            (tmp_path / "labels" / "classes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(UsageError, match="is not empty"):
        export_slowly()
    assert [path.name for path in tmp_path.iterdir()] == ["labels"]
    assert (tmp_path / "labels" / "classes.txt").read_text(encoding="utf-8") == "mine"


def test_the_next_export_clears_what_a_killed_one_has_left_and_nothing_else(tmp_path, repo_root):
    script = (
        "import os, sys; from pathlib import Path; from pipeline.store.export_folder import export_folder\n"
        "with export_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / '000000.png').write_bytes(b'1'); os.kill(os.getpid(), 9)\n"
    )

    def kill_one_to(name):
        before = set(tmp_path.iterdir())
        subprocess.run([sys.executable, "-c", script, tmp_path / name], check=False, cwd=repo_root)
        (left,) = set(tmp_path.iterdir()) - before
        assert (left / "export/000000.png").is_file()
        return left

    ours, others = kill_one_to("labels"), kill_one_to("others")
    mine, link = tmp_path / ".labels.mine", tmp_path / ".labels.link.seg-video-part"
    mine.mkdir()
    link.symlink_to(mine)
    with (
        export_folder(tmp_path / "labels", overwrite=True) as first,
        export_folder(tmp_path / "labels") as second,
    ):
        assert not ours.exists()
        (first / "a.txt").write_text("a")  # the second left it alone: somebody works in it
        (second / "b.txt").write_text("b")
    assert set(tmp_path.iterdir()) == {tmp_path / "labels", others, mine, link}
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == ["a.txt", "b.txt"]


def test_an_export_that_was_killed_before_it_had_its_lock_is_cleared_too(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.store.export_folder._locked", kill)
        with pytest.raises(Killed), export_folder(tmp_path / "labels"):
            pass
    assert len(list(tmp_path.iterdir())) == 1
    with export_folder(tmp_path / "labels"):
        pass
    assert list(tmp_path.iterdir()) == [tmp_path / "labels"]


def test_an_export_whose_folder_another_one_cleared_before_it_was_locked_makes_another(tmp_path, monkeypatch):
    lock, made = export_folder_module.fcntl.flock, []

    def late(descriptor, how):
        if not made:
            made.extend(tmp_path.iterdir())
            made[0].rmdir()
        lock(descriptor, how)

    monkeypatch.setattr(export_folder_module.fcntl, "flock", late)
    with export_folder(tmp_path / "labels") as folder:
        (folder / "a.txt").write_text("a")
        assert folder.parent not in made
    assert [path.name for path in tmp_path.rglob("*")] == ["labels", "a.txt"]
