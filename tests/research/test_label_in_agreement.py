import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.labels.coco_folder import load_picture, read_entries
from pipeline.structures.detections import Detections
from research import label_in_agreement
from research.tracked_objects import TrackedObject, Verdict
from research.yolo_teacher import TaughtInstance

SIZE = (120, 320)


class OneCar:
    """A teacher that sees a car at the same place of every frame."""

    def __init__(self, path: Path) -> None:
        assert path.name == "teacher.tflite"

    def __call__(self, frame: np.ndarray) -> list[TaughtInstance]:
        mask = np.zeros(frame.shape[:2], bool)
        mask[50:90, 200:260] = True
        return [TaughtInstance(np.array([200, 50, 260, 90], np.float32), 3, 0.8, mask)]


class Nothing:
    def segment(self, frames: np.ndarray) -> list[Detections]:
        return [Detections.empty() for _ in frames]


@pytest.fixture
def label(monkeypatch: pytest.MonkeyPatch):
    """Runs the command with that teacher, and with a network that sees nothing."""
    monkeypatch.setattr(label_in_agreement, "YoloTeacher", OneCar)
    monkeypatch.setattr(label_in_agreement, "load", lambda *_: Nothing())

    def run(*words: object) -> None:
        monkeypatch.setattr(sys, "argv", ["label_in_agreement", *map(str, words)])
        label_in_agreement.main()

    return run


def write_coco(folder: Path, **record: object) -> Path:
    """Two pictures, of which `a.png` has a person at the left."""
    (folder / "images").mkdir(parents=True)
    shared = {"height": SIZE[0], "width": SIZE[1], "source": "mine", **record}
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(folder / "images" / name), np.zeros((*SIZE, 3), np.uint8))
    content = {
        "images": [{"id": 1, "file_name": "a.png", **shared}, {"id": 2, "file_name": "b.png", **shared}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30, 80], "box_only": True}
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder


def test_open_pictures_are_filled_in_and_become_whole(label, tmp_path: Path) -> None:
    (tmp_path / "held-out.txt").write_text("b.png\n")
    data = write_coco(tmp_path / "data", label_scope=[])
    label(tmp_path / "out", "teacher.tflite", data, "--leave-out", tmp_path / "held-out.txt")
    (entry,), names = read_entries(tmp_path / "out")
    picture = load_picture(entry, names, 640)
    assert (entry.name, entry.source) == ("a.png", "agreed-mine")
    assert picture.scope == {1, 2, 3, 4, 6, 8, 10, 13}
    person, car = picture.instances
    assert (person.category, person.mask) == (1, None)
    assert (car.category, car.box.tolist(), car.ignored) == (3, [200, 50, 260, 90], False)
    assert (tmp_path / "out" / "sheet.png").is_file()


def test_pictures_that_are_labelled_whole_are_left_as_they_are(label, tmp_path: Path) -> None:
    data = write_coco(tmp_path / "data", label_scope=[1, 2, 3, 4, 6, 8, 10, 13])
    label(tmp_path / "out", "teacher.tflite", data)
    assert read_entries(tmp_path / "out")[0] == []


def test_a_folder_without_annotations_is_a_folder_of_pictures(label, tmp_path: Path) -> None:
    (tmp_path / "night").mkdir()
    cv2.imwrite(str(tmp_path / "night" / "1.png"), np.zeros((*SIZE, 3), np.uint8))
    label(tmp_path / "out", "teacher.tflite", tmp_path / "night")
    (entry,), _ = read_entries(tmp_path / "out")
    assert (entry.name, entry.source, len(entry.annotations)) == ("night_1.jpg", "unlabelled", 1)


def test_of_a_video_every_fifteenth_frame_is_labelled(label, repo_root: Path, tmp_path: Path) -> None:
    label(tmp_path / "out", "teacher.tflite", repo_root / "sample_videos" / "drive.mp4", "--every", "100")
    entries, _ = read_entries(tmp_path / "out")
    assert [entry.name for entry in entries] == ["drive_000000.jpg", "drive_000100.jpg", "drive_000200.jpg"]


def test_what_is_neither_is_refused_by_name(label, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"none\.mp4"):
        label(tmp_path / "out", "teacher.tflite", tmp_path / "none.mp4")


def test_frames_are_counted_from_the_first_that_is_asked_for(label, repo_root: Path, tmp_path: Path) -> None:
    clip = repo_root / "sample_videos" / "drive.mp4"
    label(tmp_path / "out", "teacher.tflite", clip, "--every", "100", "--first", "7")
    assert [entry.name for entry in read_entries(tmp_path / "out")[0]][:2] == [
        "drive_000007.jpg",
        "drive_000107.jpg",
    ]


@pytest.mark.parametrize(("place", "left"), [(("0", "0", "1", "1"), 0), (("0", "0.9", "1", "1"), 1)])
def test_what_lies_in_the_own_car_is_no_object(
    label, tmp_path: Path, place: tuple[str, ...], left: int
) -> None:
    data = write_coco(tmp_path / "data", label_scope=[])
    (tmp_path / "b.txt").write_text("b.png\n")
    label(tmp_path / "out", "teacher.tflite", data, "--leave-out", tmp_path / "b.txt", "--own-car", *place)
    (entry,), _ = read_entries(tmp_path / "out")
    assert sum(one["category_id"] == 3 for one in entry.annotations) == left


def test_a_class_that_is_nowhere_is_asked_for_by_name(label, tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        label(tmp_path / "out", "teacher.tflite", tmp_path, "--none", "lorry")


def test_tracks_are_those_of_the_frames_that_are_labelled(
    label, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"MJPG"), 25, SIZE[::-1])
    for _ in range(9):
        writer.write(np.zeros((*SIZE, 3), np.uint8))
    writer.release()
    pixels = np.full((28, 28), 255, np.uint8)
    boxes = [np.array([10, 10, 50 + index, 50], np.float32) for index in range(9)]
    frames = [[TrackedObject(1, one, 3, 0.9, pixels)] for one in boxes]
    monkeypatch.setattr(label_in_agreement, "tracked_frames", lambda _: frames)
    monkeypatch.setattr(label_in_agreement, "verdict", lambda _: Verdict(real=frozenset({1})))
    words = (tmp_path / "out", "teacher.tflite", clip, "--every", "3", "--first", "1")
    label(*words, "--tracks", "a.parquet")
    entries, _ = read_entries(tmp_path / "out")
    # Beside the teacher's car, which is 60 px wide.
    widths = [[one["bbox"][2] for one in entry.annotations] for entry in entries]
    assert widths == [[60, 41], [60, 44], [60, 47]]
    del frames[5:]
    with pytest.raises(SystemExit, match=r"a\.parquet is of another video"):
        label(*words, "--tracks", "a.parquet")
    with pytest.raises(SystemExit):
        label(*words, "--tracks", "a.parquet", "--tracks", "b.parquet")
