from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.labels.coco_folder import read_entries
from research.box_masks import BoxMasks, agrees, give_masks
from tests.research.test_free_pictures import folder

CAR, PERSON = 3, 1


def test_a_mask_has_to_fill_its_box_and_reach_its_sides() -> None:
    box = np.array([10, 10, 30, 20], np.float32)
    mask = np.zeros((40, 40), bool)
    assert not agrees(mask, box, CAR)
    mask[10:20, 10:30] = True
    mask[12:18, 12:28] = False  # 104 of 200 px
    assert agrees(mask, box, CAR)
    mask[10:20, 18:22] = False  # 96
    assert not agrees(mask, box, CAR)
    assert agrees(mask, box, PERSON)
    mask[:] = False
    mask[10:20, 10:23] = True  # 65 % of the box, and its right third is empty
    assert not agrees(mask, box, CAR)


def test_boxes_that_get_a_mask_are_no_boxes_any_more(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", ["CC BY 2.0"] * 3)
    text = (data / "annotations.json").read_text()
    text = text.replace('"iscrowd": 0', '"iscrowd": 0, "box_only": true').replace(
        "[0, 0, 4, 4]", "[0, 0, 16, 16]"
    )
    (data / "annotations.json").write_text(text)
    for place in (1, 2, 3):
        cv2.imwrite(str(data / "images" / f"{place}.png"), np.full((16, 16, 3), place, np.uint8))
    asked = []

    def half(frame: NDArray[np.uint8], box: NDArray[np.float32], category: int) -> NDArray[np.bool_] | None:
        asked.append((int(frame[0, 0, 0]), box.tolist(), category))
        mask = np.zeros(frame.shape[:2], bool)
        mask[:8] = True
        return None if category == 2 else mask

    assert give_masks(data, cast(BoxMasks, half)) == (2, 3)
    assert asked == [(one, [0, 0, 16, 16], one) for one in (1, 2, 3)]
    (first, second, third) = (entry.annotations[0] for entry in read_entries(data)[0])
    assert second["box_only"]
    assert "segmentation" not in second
    for one in (first, third):
        assert "box_only" not in one
        assert (one["area"], one["bbox"]) == (128.0, [0, 0, 16, 16])
        assert one["segmentation"]["size"] == [16, 16]
    assert give_masks(data, cast(BoxMasks, half)) == (0, 1)


def test_a_near_car_is_told_from_the_road(shared: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra teachers")
    frame = cv2.imread(str(shared / "footage" / "stills" / "highway_1.jpg"))[..., ::-1].astype(np.uint8)
    masks = BoxMasks(shared / "pretrained" / "deeplabv3_mnv2_pascal_quant.tflite")
    mask = masks(frame, np.array([814, 407, 944, 495], np.float32), CAR)
    assert mask is not None
    assert mask[440:460, 840:920].all()
    assert not mask[407:410, 814:818].any()  # the box's corner
    assert masks(frame, np.array([300, 550, 500, 650], np.float32), CAR) is None


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra teachers")
    (tmp_path / "none").write_bytes(b"nothing at all")
    with pytest.raises(WeightsError, match="pixel teacher"):
        BoxMasks(tmp_path / "none")
