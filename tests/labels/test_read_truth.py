from __future__ import annotations

import json

import numpy as np
import pytest
from pycocotools import mask as coco

from pipeline.errors import InputError
from pipeline.labels.coco_folder import read_entries
from pipeline.labels.read_truth import truth_of_pictures, truth_of_video
from tests.evaluation.made import CAR, write_folder

FRAME = {"height": 96, "width": 128}


def write_video(path, records, annotations=()):
    content = {"images": records, "annotations": list(annotations), "categories": [{"id": 3, "name": "car"}]}
    path.write_text(json.dumps(content))
    return path


def test_a_folder_gives_masks_boxes_and_scopes(tmp_path):
    write_folder(
        tmp_path / "d", {"a.png": ("src", "town", {3}, [(CAR, 3)]), "b.png": ("src", "town", {1, 3}, [])}
    )
    truth = truth_of_pictures(*read_entries(tmp_path / "d"))
    first, second = truth.pictures
    (car,) = first.objects
    assert (first.name, first.scope, second.scope, second.objects) == ("a.png", {3}, {1, 3}, ())
    assert (car.box.tolist(), car.area, car.short_side) == ([10, 10, 50, 40], 1200, 30)
    assert coco.decode(car.runs)[10:40, 10:50].all()
    assert first.file.name == "a.png"


def test_frames_are_ordered_by_their_index(tmp_path):
    records = [{"id": 1, "frame_index": 8, **FRAME}, {"id": 2, "frame_index": 5, **FRAME}]
    box = {"id": 1, "image_id": 2, "category_id": 3, "bbox": [1, 2, 30, 40], "track_id": 12}
    truth = truth_of_video(write_video(tmp_path / "t.json", records, [box]))
    assert [picture.frame for picture in truth.pictures] == [5, 8]
    (car,) = truth.pictures[0].objects
    assert (car.track_id, car.runs, car.area) == (12, None, 1200)
    assert truth.pictures[0].scope == {3}


def test_without_an_index_frames_are_all_and_ordered_by_name(tmp_path):
    records = [{"id": 1, "file_name": "000001.png", **FRAME}, {"id": 2, "file_name": "000000.png", **FRAME}]
    truth = truth_of_video(write_video(tmp_path / "t.json", records))
    assert [(picture.name, picture.frame) for picture in truth.pictures] == [
        ("000000.png", 0),
        ("000001.png", 1),
    ]


def test_a_mask_without_bounds_or_area_gets_those_of_its_pixels(tmp_path):
    mask = np.zeros((96, 128), np.uint8, order="F")
    mask[20:30, 40:70] = 1
    runs = coco.encode(mask)
    entry = {
        "id": 1,
        "image_id": 1,
        "category_id": 3,
        "segmentation": {**runs, "counts": runs["counts"].decode()},
    }
    truth = truth_of_video(write_video(tmp_path / "t.json", [{"id": 1, "frame_index": 0, **FRAME}], [entry]))
    (car,) = truth.pictures[0].objects
    assert (car.box.tolist(), car.area) == ([40, 20, 70, 30], 300)


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{"id": 1, **FRAME}],
        [{"id": 1, "frame_index": 3, **FRAME}, {"id": 2, "frame_index": 3, **FRAME}],
        [{"id": 1, "frame_index": 3, **FRAME}, {"id": 2, **FRAME}],
    ],
)
def test_frames_that_cannot_be_told_apart_are_refused(tmp_path, records):
    with pytest.raises(InputError, match="which picture is which frame"):
        truth_of_video(write_video(tmp_path / "t.json", records))
