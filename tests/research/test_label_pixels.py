from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.structures.pixel_classes import VOID, PixelClasses
from research.label_pixels import SURE, labels_of
from research.pixel_teacher import CAMVID, PixelTeacher

NAMES = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
CLASSES = PixelClasses(NAMES, ((0, 0, 0),) * len(NAMES))


def label(taught, share, own):
    """The label of one pixel that the teacher holds to be `taught` with that share, and the branch to be `own`."""
    shares = np.full((1, 1, len(NAMES)), (1 - share) / (len(NAMES) - 1), np.float32)
    shares[0, 0, NAMES.index(taught)] = share
    number = labels_of(shares, np.full((1, 1), NAMES.index(own), np.uint8), CLASSES)[0, 0]
    return None if number == VOID else NAMES[number]


def test_what_the_teacher_is_sure_of_corrects_the_branch():
    assert label("tree", SURE + 0.01, own="pavement") == "tree"
    assert label("road", SURE + 0.01, own="car") == "road"


def test_what_it_is_not_sure_of_stays_open():
    assert label("tree", SURE - 0.01, own="pavement") is None


@pytest.mark.parametrize("known", ["sky", "road", "pole", "sign", "fence"])
def test_what_the_branch_knows_better_stays_open_unless_both_say_it(known):
    assert label("building", 0.99, own=known) is None


def test_both_say_road():
    assert label("road", 0.99, own="road") == "road"


@pytest.mark.parametrize("thing", ["car", "pedestrian", "bicyclist", "pole"])
def test_objects_and_thin_things_are_not_the_teacher_s_to_tell(thing):
    assert label(thing, 0.99, own=thing) is None


def test_each_class_of_cityscapes_has_one_of_camvid():
    cityscapes = (
        "road", "sidewalk", "building", "wall", "fence", "pole", "light", "sign", "vegetation", "terrain", "sky",
        "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
    )  # fmt: skip
    told = dict(zip(cityscapes, (NAMES[number] for number in CAMVID), strict=True))
    assert told["terrain"] == told["vegetation"] == "tree"
    assert told["sidewalk"] == "pavement"
    assert told["rider"] == told["bicycle"] == "bicyclist"
    assert told["wall"] == "building"
    assert told["bus"] == "car"


def test_a_file_that_is_no_such_network_is_told(tmp_path):
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "none.tflite").write_bytes(b"nothing of that kind")
    with pytest.raises(WeightsError, match="teacher of pixels"):
        PixelTeacher(tmp_path / "none.tflite")
