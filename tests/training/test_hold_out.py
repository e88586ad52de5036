from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.labels.coco_folder import Entry
from pipeline.training.hold_out import hold_out, read_names

ENTRIES = [
    *(Entry({"file_name": f"city{i}", "sequence": "ulm" if i < 3 else "bonn"}, (), Path()) for i in range(6)),
    *(Entry({"file_name": f"web{i:03}", "source": "web"}, (), Path()) for i in range(100)),
]


def test_a_drive_is_held_out_whole() -> None:
    assert hold_out(ENTRIES, frozenset({"ulm"}), {}) == ["city0", "city1", "city2"]


def test_of_a_source_whole_scenes_are_held_out() -> None:
    held = hold_out(ENTRIES, frozenset(), {"web": 0.3})
    assert len(held) == 30
    scenes = {name[:5] for name in held}  # neighbours by name: web00., web01. and so on
    assert len(scenes) == 3


def test_the_split_depends_on_the_seed_alone() -> None:
    first = hold_out(ENTRIES, frozenset(), {"web": 0.3}, seed=1)
    assert first == hold_out(ENTRIES[::-1], frozenset(), {"web": 0.3}, seed=1)
    assert any(first != hold_out(ENTRIES, frozenset(), {"web": 0.3}, seed=seed) for seed in (2, 3, 4))


def test_names_are_read_without_comments_and_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("# held out\na.jpg\n\n b.jpg \n")
    assert read_names(tmp_path / "names.txt") == {"a.jpg", "b.jpg"}


def test_a_list_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"names\.txt"):
        read_names(tmp_path / "names.txt")


def test_the_split_that_comes_along_holds_out_cities_whole(repo_root: Path, shared: Path) -> None:
    from pipeline.labels.coco_folder import read_entries

    entries, _ = read_entries(shared / "dataset")
    held = read_names(repo_root / "jobs" / "train" / "road-validation.txt")
    assert held <= {entry.name for entry in entries}
    cities = {
        entry.record["sequence"] for entry in entries if entry.name in held and entry.record.get("sequence")
    }
    assert {"erfurt", "cologne"} <= cities
    left = {e.record["sequence"] for e in entries if e.name not in held and e.record.get("sequence")}
    assert not cities & left
