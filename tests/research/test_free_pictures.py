import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.labels.coco_folder import read_entries
from research.free_pictures import write_free


def folder(path: Path, licences: list[str | None]) -> Path:
    (path / "images").mkdir(parents=True)
    images: list[dict[str, Any]] = []
    for place, licence in enumerate(licences, 1):
        cv2.imwrite(str(path / "images" / f"{place}.png"), np.zeros((8, 8, 3), np.uint8))
        images.append({"id": place, "file_name": f"{place}.png", "width": 8, "height": 8, "source": "set"})
        if licence is not None:
            images[-1]["license"] = licence
    annotations = [
        {"id": one["id"], "image_id": one["id"], "category_id": one["id"], "bbox": [0, 0, 4, 4], "iscrowd": 0}
        for one in images
    ]
    categories = [{"id": one["id"], "name": f"class {one['id']}"} for one in images]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (path / "annotations.json").write_text(json.dumps(content))
    return path


def test_what_allows_no_commerce_no_works_of_its_own_or_says_nothing_is_left_out(tmp_path: Path) -> None:
    licences = ["CC BY-NC 2.0", "CC BY 2.0", "CC BY-ND 2.0", "CC BY-SA 2.0", None, "none stated"]
    counts = write_free(folder(tmp_path / "data", licences), tmp_path / "free")
    assert counts == {("set", "CC BY 2.0"): 1, ("set", "CC BY-SA 2.0"): 1}
    entries, names = read_entries(tmp_path / "free")
    assert [entry.name for entry in entries] == ["2.png", "4.png"]
    assert [one["category_id"] for entry in entries for one in entry.annotations] == [2, 4]
    assert names == {2: "class 2", 4: "class 4"}


def test_a_folder_without_a_free_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no picture under a licence"):
        write_free(folder(tmp_path / "data", ["CC BY-NC 2.0"]), tmp_path / "free")
    assert not (tmp_path / "free").exists()
