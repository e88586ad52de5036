"""Masks of COCO annotations: what pycocotools would crash on is told, and all else is as it has it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.labels.coco_folder import load_picture, read_entries
from pipeline.labels.mask_runs import mask_runs
from pipeline.labels.read_truth import truth_of_video

coco = pytest.importorskip("pycocotools.mask", reason="reads labels")

SIZE = (6, 8)


def picture(shape=SIZE, seed=0):
    return np.asfortranarray(np.random.default_rng(seed).integers(0, 2, shape, np.uint8))


@pytest.mark.parametrize("shape", [(6, 8), (1, 1), (300, 500)])
@pytest.mark.parametrize("seed", range(3))
def test_run_lengths_of_both_forms_are_taken(shape, seed):
    mask = picture(shape, seed)
    mask[:, shape[1] // 3 :] = seed % 2  # long runs, of several digits
    compressed = coco.encode(mask)
    letters = {"size": list(shape), "counts": compressed["counts"].decode()}
    flat = mask.ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges, flat.size]).tolist()
    plain = {"size": list(shape), "counts": [0, *runs] if flat[0] else runs}
    for given in (letters, plain):
        assert np.array_equal(coco.decode(mask_runs(given, shape)), mask)


@pytest.mark.parametrize(
    ("segmentation", "found"),
    [
        ([[0, 0, 1e9, 0, 1e9, 1e9]], "far outside"),  # a crash of the process, in pycocotools
        ([[0, 0, 1e300, 0, 1e300, 1e300]], "far outside"),
        ([[float("nan")] * 6], "finite numbers"),
        ([[1, 2, 3, 4]], "4 numbers"),
        ([[1, 2, 3, 4, 5, 6, 7]], "7 numbers"),
        ([[]], "0 numbers"),
        ([1, 2, 3, 4, 5, 6], "finite numbers"),
        ([[[1, 2], [3, 4], [5, 6]]], "finite numbers"),
        ([["a"] * 6], "something else than numbers"),
        ("abc", "neither polygons nor run lengths"),
        ({"size": [6, 8]}, "neither polygons nor run lengths"),
        ({"counts": [48]}, "size None"),
        ({"size": [8, 6], "counts": [48]}, r"size \[8, 6\]"),
        ({"size": [6, 8], "counts": [10, 5]}, "add up"),
        ({"size": [6, 8], "counts": [10, 10**12]}, "add up"),
        ({"size": [6, 8], "counts": [50, -2]}, "add up"),
        ({"size": [6, 8], "counts": [1.5, 46.5]}, "add up"),
        ({"size": [6, 8], "counts": []}, "add up"),
        ({"size": [6, 8], "counts": ""}, "cannot be read"),
        ({"size": [6, 8], "counts": "ooo"}, "cannot be read"),
        ({"size": [6, 8], "counts": "o" * 50 + "0"}, "cannot be read"),
        ({"size": [6, 8], "counts": "\0~~"}, "cannot be read"),
        ({"size": [6, 8], "counts": "52"}, "add up"),
    ],
)
def test_what_is_no_mask_of_the_picture_is_told(segmentation, found):
    with pytest.raises(ValueError, match=found):
        mask_runs(segmentation, SIZE)


WRONG = [
    ({}, {"segmentation": [[1, 2, 3, 4]]}, r"Annotation 7 of .*\n  found: a polygon of 4 numbers"),
    ({}, {"category_id": "car"}, "Annotation 7 of .*'car'"),
    ({}, {"category_id": 99}, "Annotation 7 of .*category_id 99, which is no id"),
    ({}, {"bbox": [1, 2, 3]}, "Annotation 7 of "),
    ({}, {"bbox": [float("nan")] * 4}, "bbox that is not finite"),
    ({"width": None}, {}, "record of "),
    ({"width": -8}, {}, "a size of -8x6 px"),
    ({"label_scope": 3}, {}, "record of "),
]


@pytest.mark.parametrize(("record", "annotation", "said"), WRONG)
def test_wrong_values_of_a_file_are_told_with_their_place(tmp_path, record, annotation, said):
    cv2 = pytest.importorskip("cv2")
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((*SIZE, 3), np.uint8))
    write(tmp_path, record, [annotation])
    with pytest.raises(InputError, match=rf"(?s){said}"):
        truth_of_video(tmp_path / "annotations.json")
    entries, names = read_entries(tmp_path)
    with pytest.raises(InputError, match=rf"(?s){said}"):
        load_picture(entries[0], names, 100)


@pytest.mark.parametrize(
    ("record", "annotations", "said"),
    [
        ({"frame_index": "0"}, [{}], "no whole number"),
        ({}, [{"track_id": "abc"}], "Annotation 7 of "),
        ({}, [{"track_id": 1.5}], "1.5, which is no whole number"),
        ({}, [{"track_id": 5}, {"track_id": 5}], r"Two objects of a\.png(?s:.*)track_id 5"),
    ],
)
def test_frames_and_tracks_that_cannot_be_told_apart_are_told(tmp_path, record, annotations, said):
    write(tmp_path, record, annotations)
    with pytest.raises(InputError, match=said):
        truth_of_video(tmp_path / "annotations.json")


def write(folder, record, annotations):
    image = {"id": 1, "width": 8, "height": 6, "file_name": "a.png", "frame_index": 0} | record
    objects = [{"id": 7, "image_id": 1, "category_id": 3, "bbox": [1, 1, 3, 3]} | one for one in annotations]
    content = {"images": [image], "annotations": objects, "categories": [{"id": 3, "name": "car"}]}
    (folder / "annotations.json").write_text(json.dumps(content))
