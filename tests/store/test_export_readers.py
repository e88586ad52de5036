"""Other people's readers see the shapes that were stored."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from pipeline.store.export_coco import export_coco
from pipeline.store.export_cvat import export_cvat
from pipeline.store.export_yolo import export_yolo
from pipeline.store.header import Header
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import NO_TRACK, Tracks

HEIGHT, WIDTH = 96, 160
HEADER = Header(WIDTH, HEIGHT, Fraction(1, 10), 0, np.arange(3, dtype=np.int64), {1: "person", 3: "car"})


def roi_mask(shape):
    """A disc, a ring, or two bars, as a mask head would see them: soft at the border."""
    y, x = (np.mgrid[:28, :28] - 13.5) / 14
    radius = np.hypot(x, y)
    value = {
        "disc": 0.9 - radius,
        "ring": 0.3 - np.abs(radius - 0.6),
        "bars": 0.25 - np.abs(np.abs(x) - 0.6),
    }
    return np.clip(127.5 + 400 * value[shape], 0, 255).astype(np.uint8)


def at_least(score):
    return lambda _, tracks: np.flatnonzero((tracks.track_ids != NO_TRACK) & (tracks.peak_scores >= score))


@pytest.fixture
def stored(tmp_path):
    shapes = ("disc", "ring", "bars")
    found = Detections(
        boxes=np.array([[5.3, 6.1, 47.9, 60.2], [60, 10, 120.5, 80], [100, -4, 171, 40]], np.float32),
        scores=np.array([0.9, 0.8, 0.7], np.float32),
        class_ids=np.array([1, 3, 3], np.int32),
        roi_masks=np.stack([roi_mask(shape) for shape in shapes]),
    )
    tracks = Tracks(found, np.array([1, 2, 3]), found.class_ids, found.scores)
    write_tracks(tmp_path / "run.parquet", HEADER, [tracks, Tracks.untracked(Detections.empty()), tracks[:1]])
    with DetectionsFile(tmp_path / "run.parquet") as file:
        yield file


def write_pictures(folder: Path, names):
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(cv2.imencode(".png", np.zeros((HEIGHT, WIDTH, 3), np.uint8))[1].tobytes())


def test_supervision_reads_yolo(stored, tmp_path):
    supervision = pytest.importorskip("supervision")
    out = tmp_path / "out"
    out.mkdir()
    export_yolo(stored, out, at_least(0.5))
    write_pictures(out / "images", [f"{frame:06d}.png" for frame in range(3)])
    dataset = supervision.DetectionDataset.from_yolo(
        str(out / "images"), str(out / "labels"), str(out / "data.yaml")
    )
    assert dataset.classes == ["person", "car"]
    read = {Path(path).stem: labels for path, _, labels in dataset}
    assert [len(read[f"{frame:06d}"]) for frame in range(3)] == [3, 0, 1]
    assert read["000000"].class_id.tolist() == [0, 1, 1]
    expected = stored.read_tracks()[0].detections.masks(HEIGHT, WIDTH)
    assert np.array_equal(read["000000"].mask[:2], expected[:2])  # a disc, and a ring with its hole
    added = read["000000"].mask[2] & ~expected[2]  # two bars are joined by a line of pixels
    assert not (expected[2] & ~read["000000"].mask[2]).any()
    assert 0 < added.sum() < 0.05 * expected[2].sum()


def test_supervision_reads_coco(stored, tmp_path):
    supervision = pytest.importorskip("supervision")
    export_coco(stored, tmp_path / "annotations.json", at_least(0.5))
    write_pictures(tmp_path / "images", [f"{frame:06d}.png" for frame in range(3)])
    dataset = supervision.DetectionDataset.from_coco(
        str(tmp_path / "images"), str(tmp_path / "annotations.json"), force_masks=True
    )
    read = {Path(path).stem: labels for path, _, labels in dataset}
    assert np.array_equal(read["000000"].mask, stored.read_tracks()[0].detections.masks(HEIGHT, WIDTH))


def test_pycocotools_reads_coco(stored, tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    export_coco(stored, tmp_path / "annotations.json", at_least(0.5))
    with redirect_stdout(io.StringIO()):
        read = coco.COCO(str(tmp_path / "annotations.json"))
    masks = [read.annToMask(entry).astype(np.bool_) for entry in read.loadAnns(read.getAnnIds(imgIds=[0]))]
    assert np.array_equal(np.stack(masks), stored.read_tracks()[0].detections.masks(HEIGHT, WIDTH))


def test_a_polygon_of_cvats_is_the_mask_as_an_area(stored, tmp_path):
    coco = pytest.importorskip("pycocotools.mask")
    export_cvat(stored, tmp_path / "annotations.xml", at_least(0.5))
    tracks = ElementTree.parse(tmp_path / "annotations.xml").getroot().findall("track")
    expected = stored.read_tracks()[0].detections.masks(HEIGHT, WIDTH)
    for track, mask in zip(tracks, expected, strict=True):
        points = [float(number) for point in track[0].get("points").split(";") for number in point.split(",")]
        assert np.array_equal(coco.decode(coco.frPyObjects([points], HEIGHT, WIDTH))[..., 0], mask)
    # Seen, away in frame 1, seen again in the last one.
    assert [(shape.get("frame"), shape.get("outside")) for shape in tracks[0]] == [
        ("0", "0"),
        ("1", "1"),
        ("2", "0"),
    ]
