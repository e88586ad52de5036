from __future__ import annotations

from pipeline.labels.choose import read_list
from pipeline.labels.coco_folder import read_entries


def test_the_split_that_comes_along_holds_out_cities_whole(repo_root, shared):
    entries, _ = read_entries(shared / "dataset")
    held = read_list(repo_root / "jobs" / "train" / "road-validation.txt")
    assert held <= {entry.name for entry in entries}
    cities = {
        entry.record["sequence"] for entry in entries if entry.name in held and entry.record.get("sequence")
    }
    assert {"erfurt", "cologne"} <= cities
    left = {e.record["sequence"] for e in entries if e.name not in held and e.record.get("sequence")}
    assert not cities & left
