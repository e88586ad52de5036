import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.labels.coco_folder import load_picture, read_entries
from research.pixel_regions import regions, write_regions

ROAD, SKY, CAR, PERSON, NONE = 3, 0, 8, 9, 11


def scene() -> np.ndarray:
    classes = np.full((60, 80), ROAD, np.uint8)
    classes[:20] = SKY
    classes[30:40, 10:30] = CAR
    classes[30:50, 60:66] = PERSON
    return classes


def test_a_region_that_may_hold_an_object_is_a_box_with_a_margin() -> None:
    assert sorted(regions(scene())) == [(1, (56, 26, 14, 28)), (3, (6, 26, 28, 18))]


def test_a_seam_without_a_class_between_two_classes_is_no_region() -> None:
    classes = scene()
    classes[20:22] = NONE
    assert len(regions(classes)) == 2
    classes[52:60, 0:20] = NONE  # the own bonnet
    assert len(regions(classes)) == 3


def test_the_folder_has_every_class_in_scope_and_nothing_but_open_places(tmp_path: Path) -> None:
    source, out = tmp_path / "camvid", tmp_path / "out"
    for part in ("images", "labels"):
        (source / part).mkdir(parents=True)
    cv2.imwrite(str(source / "images" / "a.jpg"), np.zeros((60, 80, 3), np.uint8))
    cv2.imwrite(str(source / "labels" / "a.png"), scene())
    write_regions(source, out, ["a"])
    (entry,), names = read_entries(out)
    picture = load_picture(entry, names, 640)
    assert picture.scope == {1, 2, 3, 4, 6, 8, 10, 13}
    assert [one.ignored for one in picture.instances] == [True, True]
    assert json.loads((out / "annotations.json").read_text())["images"][0]["source"] == "camvid"


def test_a_picture_without_its_classes_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.png"):
        write_regions(tmp_path, tmp_path / "out", ["b"])
