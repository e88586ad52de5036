"""Flicker, measured over films in which it is known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.flicker import measured
from tests.benchmarks.made import Row, header, tracks

CAR = 100.0, 30.0, 140.0, 60.0


def figures(frames: Sequence[Sequence[Row]], weight: float = 0.0) -> dict[str, float]:
    return measured(header(len(frames)), [tracks(rows) for rows in frames], weight)


def car(box: tuple[float, float, float, float], track_id: int = 1) -> Row:
    return track_id, box, 3, 0.9


def test_what_stands_and_what_moves_or_comes_nearer_evenly_does_not_flicker():
    still = figures([[car(CAR)] for _ in range(12)])
    assert still == pytest.approx({"flicker": 0.0, "jumps": 0.0})
    coming = [[car((100.0 + 4 * step, 30.0, 140.0 + 6 * step, 60.0 + step))] for step in range(12)]
    assert figures(coming)["flicker"] < 0.06  # pixels are not finer
    assert figures(coming)["jumps"] == 0.0


def test_a_box_that_is_another_for_a_frame_jumps_there_and_back():
    jumping = [[car((60.0, 10.0, 180.0, 80.0) if step == 6 else CAR)] for step in range(13)]
    assert figures(jumping)["jumps"] == pytest.approx(2 / 12)


def test_what_is_painted_steadily_flickers_less():
    jitter = 0, 5, -4, 2, -5, 5, -2, 4, -5, 3, 0, -3, 4
    frames = [[car((100.0 + by, 30.0, 140.0 - by, 60.0))] for by in jitter]
    assert figures(frames, 0.5)["flicker"] < 0.6 * figures(frames)["flicker"]


def test_what_is_covered_for_a_frame_flickers_and_what_covers_it_does_not():
    alone = [[car(CAR)] for _ in range(12)]
    covered = [
        [car(CAR), car((95.0, 25.0, 145.0, 65.0), track_id=2)] if step == 6 else [car(CAR)]
        for step in range(12)
    ]
    assert figures(alone)["flicker"] == pytest.approx(0.0)
    assert figures(covered)["flicker"] > 0.05
