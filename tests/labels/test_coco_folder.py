import gzip
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.labels.coco_folder import load_picture, read_entries, read_folders

NAMES = {1: "person", 3: "car"}
SQUARE = [[4.0, 2.0, 12.0, 2.0, 12.0, 6.0, 4.0, 6.0]]


def folder_of(tmp_path: Path, annotation: dict[str, Any], **record: Any) -> Path:
    """A folder with one picture of 16x8 px, whose left half is red, and one annotation."""
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8, 2] = 255
    (tmp_path / "images").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), pixels)
    content = {
        "images": [{"id": 5, "file_name": "a.png", "height": 8, "width": 16, **record}],
        "annotations": [{"id": 1, "image_id": 5, "category_id": 3, "bbox": [4, 2, 8, 4], **annotation}],
        "categories": [{"id": one, "name": name} for one, name in NAMES.items()],
    }
    (tmp_path / "annotations.json").write_text(json.dumps(content))
    return tmp_path


def picture_of(folder: Path, longest: int = 640) -> Any:
    (entry,), names = read_entries(folder)
    assert names == NAMES
    return load_picture(entry, names, longest)


def test_a_polygon_becomes_the_pixels_inside_it(tmp_path: Path) -> None:
    picture = picture_of(folder_of(tmp_path, {"segmentation": SQUARE}))
    (instance,) = picture.instances
    assert (instance.category, instance.ignored, instance.corner) == (3, False, (4, 2))
    np.testing.assert_array_equal(instance.box, [4, 2, 12, 6])
    np.testing.assert_array_equal(instance.mask, np.ones((4, 8)))


def test_pixels_are_rgb(tmp_path: Path) -> None:
    picture = picture_of(folder_of(tmp_path, {}))
    np.testing.assert_array_equal(picture.pixels[0, 0], [255, 0, 0])
    np.testing.assert_array_equal(picture.pixels[0, 15], [0, 0, 0])


def test_run_lengths_are_read_as_they_are(tmp_path: Path) -> None:
    # Columns of 8: 32 px off, then two columns on.
    picture = picture_of(
        folder_of(tmp_path, {"segmentation": {"size": [8, 16], "counts": [32, 16, 80]}, "iscrowd": 1})
    )
    (instance,) = picture.instances
    np.testing.assert_array_equal(instance.box, [4, 0, 6, 8])
    assert instance.ignored  # a crowd


@pytest.mark.parametrize("annotation", [{}, {"segmentation": []}, {"segmentation": SQUARE, "box_only": True}])
def test_where_only_the_box_is_known_there_is_no_mask(tmp_path: Path, annotation: dict[str, Any]) -> None:
    (instance,) = picture_of(folder_of(tmp_path, annotation)).instances
    assert instance.mask is None
    np.testing.assert_array_equal(instance.box, [4, 2, 12, 6])


def test_a_large_picture_is_shrunk_and_its_labels_with_it(tmp_path: Path) -> None:
    picture = picture_of(folder_of(tmp_path, {"segmentation": SQUARE}), longest=8)
    assert picture.pixels.shape == (4, 8, 3)
    np.testing.assert_array_equal(picture.instances[0].box, [2, 1, 6, 3])
    assert picture.instances[0].mask.shape == (2, 4)


def test_every_category_is_in_scope_unless_the_picture_says_otherwise(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {})
    assert picture_of(folder).scope == {1, 3}
    content = json.loads((folder / "annotations.json").read_text())
    content["images"][0]["label_scope"] = [3]
    (folder / "annotations.json").unlink()
    (folder / "annotations.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    assert picture_of(folder).scope == {3}


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found: 16x8 px"):
        picture_of(folder_of(tmp_path, {}, width=20))


def test_a_missing_picture_and_missing_annotations_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no COCO annotations"):
        read_entries(tmp_path)
    folder = folder_of(tmp_path, {})
    (folder / "images" / "a.png").unlink()
    with pytest.raises(InputError, match=r"The picture a\.png"):
        read_entries(folder)


def test_annotations_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "annotations.json").write_text('{"images": []}')
    with pytest.raises(InputError, match="KeyError: 'annotations'"):
        read_entries(tmp_path)


def test_folders_are_read_as_one_where_an_id_means_the_same(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        folder_of(tmp_path / name, {})
    entries, names = read_folders([tmp_path / "a", tmp_path / "b"])
    assert [entry.file.parts[-3] for entry in entries] == ["a", "b"]
    assert names == NAMES
    content = json.loads((tmp_path / "b" / "annotations.json").read_text())
    content["categories"][0]["name"] = "dog"
    (tmp_path / "b" / "annotations.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="category 1 'dog'"):
        read_folders([tmp_path / "a", tmp_path / "b"])
