"""Two pictures of two classes, a road below a sky, and what is wrong with a folder of them."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.labels.pixel_folder import load_pixels, read_pixel_classes, read_pixel_entries
from pipeline.structures.pixel_classes import VOID, PixelClasses

NOTHING = frozenset[int]()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for name, horizon in (("a.1", 2), ("b", 5)):
        labels = np.zeros((8, 6), np.uint8)
        labels[horizon:] = 1
        labels[7, 5] = 11
        pixels = np.where(labels[..., None] == 1, (10, 20, 30), (200, 180, 160)).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), pixels)
        cv2.imwrite(str(tmp_path / "labels" / f"{name}.png"), labels)
    return tmp_path


def test_a_picture_comes_with_its_class_map_and_the_ignored_is_void(folder):
    entry, _ = read_pixel_entries(folder)
    pixels, labels = load_pixels(entry, 2, frozenset({11}))
    assert entry.name == "a.1"
    assert pixels[0, 0].tolist() == [160, 180, 200]  # RGB
    assert labels[:, 0].tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    assert labels[7, 5] == VOID


def test_a_label_that_is_no_class_is_refused_and_named(folder):
    with pytest.raises(InputError, match=r"(?s)not among the 2 classes.*\[11\]"):
        load_pixels(read_pixel_entries(folder)[0], 2, NOTHING)


def test_a_list_names_pictures_with_and_without_their_ending(folder, tmp_path):
    (folder / "val.txt").write_text("b.png\n# a comment\n")
    assert [one.name for one in read_pixel_entries(folder, folder / "val.txt")] == ["b"]
    (folder / "val.txt").write_text("a.1\nc\n")
    with pytest.raises(InputError, match=r"(?s)does not exist.*\bc\b"):
        read_pixel_entries(folder, folder / "val.txt")


def test_a_picture_without_labels_is_told(folder):
    (folder / "labels" / "b.png").unlink()
    with pytest.raises(InputError, match=r"(?s)no .*labels/b\.png.*1 of 2"):
        read_pixel_entries(folder)


def test_labels_of_another_size_are_refused(folder):
    cv2.imwrite(str(folder / "labels" / "b.png"), np.zeros((4, 6), np.uint8))
    with pytest.raises(InputError, match="does not fit its picture"):
        load_pixels(read_pixel_entries(folder)[1], 2, NOTHING)


def test_the_class_file_has_names_colours_and_what_is_ignored(folder):
    assert read_pixel_classes(folder) is None
    content = {"classes": {"sky": [70, 130, 180], "road": [128, 64, 128]}, "ignored": [11]}
    (folder / "classes.json").write_text(json.dumps(content))
    assert read_pixel_classes(folder) == PixelClasses(
        ("sky", "road"), ((70, 130, 180), (128, 64, 128)), frozenset({11})
    )
    (folder / "classes.json").write_text('{"classes": {"sky": [70, 130]}}')
    with pytest.raises(InputError, match="cannot be read as classes"):
        read_pixel_classes(folder)
