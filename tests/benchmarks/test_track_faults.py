"""Faults that a viewer sees, counted in films in which they are known."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import track_faults
from tests.benchmarks.made import Row, write_run

CAR, LIGHT = 3, 10


def near(track_id: int, x: float = 100, kind: int = CAR, score: float = 0.9) -> Row:
    return track_id, (x, 50, x + 20, 70), kind, score


def far(track_id: int) -> Row:
    return track_id, (200, 50, 208, 58), CAR, 0.9  # 8 px by 8


def line(
    folder: Path, frames: Sequence[Sequence[Row]], capsys: pytest.CaptureFixture[str], *never: str
) -> dict[str, int]:
    """What is printed of a film."""
    words = ["track_faults.py", str(write_run(folder, frames)), *never]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words)
        track_faults.main()
    name, *counts = capsys.readouterr().out.strip().split("  ")
    assert name == "drive.mp4"
    return {key: int(number) for key, number in (count.split(" ") for count in counts)}


def test_a_hole_is_short_near_and_of_a_road_user(tmp_path, capsys):
    # Frames 3 to 5 are empty: 0.4 s. Frames 8 to 12 are: 0.6 s, which is no hole but an absence.
    every = [near(1), far(2), near(3, 300, LIGHT), near(4, 150, CAR, 0.4)]
    gone = [3 <= place <= 5 or 8 <= place <= 12 for place in range(16)]
    # 5 is near before its hole and far behind it.
    frames = [[] if gone[place] else [*every, near(5, 250) if place < 3 else far(5)] for place in range(16)]
    assert line(tmp_path, frames, capsys) == {"tracks": 3, "holes": 1, "swaps": 0, "flashes": 0, "never": 0}


def test_a_swap_is_another_number_at_the_same_place_after_some_frames(tmp_path, capsys):
    # 1 goes on as 2, two frames later. 3 ends elsewhere than 4 begins, and 5 begins in the frame after 6.
    frames = [[near(1), near(3, 300), near(6, 200)]] * 4
    frames += [[near(5, 200)]] * 2 + [[near(2, 103), near(4, 350), near(5, 200)]] * 4
    assert line(tmp_path, frames, capsys) == {"tracks": 6, "holes": 0, "swaps": 1, "flashes": 0, "never": 0}


def test_what_lies_in_a_region_for_more_than_a_second_is_counted(tmp_path, capsys):
    # 11 frames are 1.0 s, 12 are 1.1 s. 3 lies there as long, but comes out between; 4 with less than half its box.
    frames: list[list[Row]] = []
    for place in range(20):
        rows = [near(3, 100 if place % 10 else 300), near(4, 131)]
        rows += [near(1, 100)] if place < 11 else []
        rows += [near(2, 120)] if place < 12 else []
        frames.append(rows)
    counts = line(tmp_path, frames, capsys, "--never", "100,0,40,100")
    assert counts == {"tracks": 4, "holes": 0, "swaps": 0, "flashes": 0, "never": 1}
    assert counts == line(tmp_path / "twice", frames, capsys, "--never", "0,0,9,9", "--never", "100,0,40,100")


def test_a_flash_is_short_and_lies_within_a_scene(tmp_path, capsys):
    # 0.2 s; as short at the film's begin and end; 0.3 s.
    spans = {1: (3, 6), 2: (0, 3), 3: (9, 12), 4: (5, 9)}
    frames = [[near(key, 40 * key) for key, (a, b) in spans.items() if a <= place < b] for place in range(12)]
    assert line(tmp_path, frames, capsys) == {"tracks": 4, "holes": 0, "swaps": 0, "flashes": 1, "never": 0}


def test_a_region_has_four_numbers(tmp_path, capsys):
    with pytest.raises(SystemExit):
        line(tmp_path, [[near(1)]], capsys, "--never", "1,2,3")
    assert "1,2,3 is not X,Y,W,H" in capsys.readouterr().err
