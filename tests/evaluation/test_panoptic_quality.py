from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline import cli
from pipeline.errors import InputError
from pipeline.evaluation.panoptic_quality import PanopticQuality, Segments, add_picture, measure_panoptic


def quality(truth, found, crowds=()):
    """Quality by category; both are (ids, {id: category})."""
    total = {"car": PanopticQuality(), "road": PanopticQuality()}
    one, other = (Segments(np.array(ids), names) for ids, names in (truth, found))
    add_picture(total, Segments(one.ids, one.category, frozenset(crowds)), other)
    return total


def test_what_is_found_just_as_it_is_has_the_quality_of_one():
    picture = [[1, 1, 2, 2]], {1: "car", 2: "road"}
    assert [one.quality for one in quality(picture, picture).values()] == [1.0, 1.0]


def test_quality_is_the_mean_overlap_of_what_is_right_times_f1():
    truth = [[1, 1, 1, 1, 2, 2, 3, 3]], {1: "car", 2: "car", 3: "road"}
    found = [[7, 7, 7, 8, 8, 8, 9, 9]], {7: "car", 8: "car", 9: "car"}
    # 7 is 1 with 3 of 4 px; 8 has 2 of 3 with 2; 9 is a car where there is road.
    total = quality(truth, found)
    car, road = total["car"], total["road"]
    assert (car.right, car.wrong, car.missed) == (2, 1, 0)
    assert car.segmentation == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert car.recognition == pytest.approx(2 / 2.5)
    assert car.quality == pytest.approx((3 / 4 + 2 / 3) / 2.5)
    assert (road.right, road.wrong, road.missed, road.quality) == (0, 0, 1, 0.0)


def test_half_an_overlap_is_none():
    total = quality(([[1, 1, 1]], {1: "car"}), ([[4, 4, 0]], {4: "car"}))
    assert total["car"].right == 1
    total = quality(([[1, 1, 1, 1]], {1: "car"}), ([[4, 4, 0, 0]], {4: "car"}))
    assert (total["car"].right, total["car"].wrong, total["car"].missed) == (0, 1, 1)


def test_what_lies_on_nothing_known_or_on_a_crowd_is_not_held_against_it():
    assert quality(([[0, 0, 1, 1]], {1: "road"}), ([[4, 4, 4, 0]], {4: "car"}))["car"].wrong == 0
    crowd = quality(([[1, 1, 1, 0]], {1: "car"}), ([[4, 0, 0, 0]], {4: "car"}), crowds=[1])["car"]
    assert (crowd.right, crowd.wrong, crowd.missed, crowd.quality) == (0, 0, 0, None)
    # The unknown px is no part of the union: 2 of 2.
    union = quality(([[0, 1, 1]], {1: "car"}), ([[4, 4, 4]], {4: "car"}))["car"]
    assert union.quality == 1.0


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({}, "KeyError: 'file_name'"),
        ({"file_name": "a.png"}, "KeyError: 'segments_info'"),
        ({"file_name": "a.png", "segments_info": [{"id": 1, "category_id": 9}]}, "KeyError: 9"),
        ({"file_name": "a.png", "segments_info": [3]}, "TypeError"),
    ],
)
def test_an_entry_that_is_none_is_named(entry, fault, tmp_path):
    file = tmp_path / "panoptic.json"
    categories = [{"id": 1, "name": "car"}]
    file.write_text(json.dumps({"categories": categories, "annotations": [{"image_id": 4, **entry}]}))
    with pytest.raises(InputError, match=r"Picture 4 in .*panoptic\.json") as told:
        measure_panoptic(file, file)
    assert fault in str(told.value)


def test_an_export_measured_on_itself_is_right(work, traffic, tmp_path, capsys):
    work([traffic], tmp_path / "out.mp4", view="panoptic")
    assert (
        cli.main(["export", str(tmp_path / "out.mp4"), "--format", "panoptic", "--out", str(tmp_path / "a")])
        == 0
    )
    truth = tmp_path / "a" / "panoptic.json"
    total = measure_panoptic(truth, truth)
    assert {name: one.quality for name, one in total.items()} == {
        "car": 1.0,
        "sky": 1.0,
        "road": 1.0,
        "person": 1.0,
    }
    capsys.readouterr()
    assert cli.main(["eval", str(tmp_path / "a"), "--truth", str(truth)]) == 0
    assert "1.000" in capsys.readouterr().out
    assert cli.main(["eval", str(tmp_path / "a"), "--truth", str(truth), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["car"]["pq"] == 1.0
    capsys.readouterr()
    for words in (["--precision", "float32"], ["--min-side", "3"], ["--min-score", "0.3"], ["--out", "x"]):
        assert cli.main(["eval", str(tmp_path / "a"), "--truth", str(truth), *words]) == 2
        assert f"{words[0]} does not apply to panoptic files" in capsys.readouterr().err
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"categories": []}))
    with pytest.raises(InputError, match="no COCO panoptic file"):
        measure_panoptic(broken, truth)
