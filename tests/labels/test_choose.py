from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.labels.choose import Choice, choose, read_list
from pipeline.labels.coco_folder import PictureEntry


def entry(name, source, sequence, view="driver"):
    record = {"file_name": name, "source": source, "sequence": sequence, "view": view}
    return PictureEntry(record, (), Path(name))


ENTRIES = [
    entry("a", "city", "erfurt"),
    entry("b", "city", "bonn"),
    entry("c", "adas", None),
    entry("d", "adas", None, "other"),
]


def names(**conditions):
    return [one.name for one in choose(ENTRIES, Choice(**conditions))]


def test_all_conditions_hold_together():
    assert names() == ["a", "b", "c", "d"]
    assert names(sequences=frozenset({"erfurt"})) == ["a"]
    assert names(sources=frozenset({"adas"})) == ["c", "d"]
    assert names(sources=frozenset({"adas"}), view="driver") == ["c"]
    assert names(names=frozenset({"b", "d"})) == ["b", "d"]


def test_a_limit_spreads_over_what_is_left():
    assert names(limit=2) == ["a", "c"]
    assert names(limit=9) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"sequences": frozenset({"erfurd"})}, r"no sequence erfurd[\s\S]*bonn, erfurt"),
        ({"sources": frozenset({"kitti"})}, "no source kitti"),
        ({"names": frozenset({"a", "x"})}, r"no picture x[\s\S]*1 of 2"),
        ({"names": frozenset({"d"}), "view": "driver"}, "No picture is left"),
    ],
)
def test_a_condition_that_nothing_meets_is_an_error(conditions, message):
    with pytest.raises(InputError, match=message):
        names(**conditions)


def test_a_list_leaves_out_empty_lines_and_comments(tmp_path):
    (tmp_path / "list").write_text("# held out\na\n\n b \n")
    assert read_list(tmp_path / "list") == {"a", "b"}
    with pytest.raises(InputError, match="cannot be read"):
        read_list(tmp_path / "nowhere")


def test_a_list_that_is_not_there_is_told_in_words(tmp_path):
    with pytest.raises(InputError) as raised:
        read_list(tmp_path / "none.txt")
    assert "found: No such file or directory" in str(raised.value)
