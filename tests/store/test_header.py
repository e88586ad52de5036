"""Header: frames without detections are known, and times come back to the tick."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipeline.store.header import Header

HEADER = Header(
    width=64,
    height=48,
    time_base=Fraction(1001, 30000),
    first_frame=5,
    pts=np.array([10, 11, 12, 14, 15], np.int64),
    class_names={3: "car", 1: "person"},
)


def test_variable_frame_times_come_back_to_the_tick():
    again = Header.from_json(HEADER.to_json())
    assert again.pts.tolist() == [10, 11, 12, 14, 15]
    assert again.time_base == Fraction(1001, 30000)
    assert (again.first_frame, again.stop_frame) == (5, 10)
    assert again.class_names == {1: "person", 3: "car"}


def test_a_single_frame_and_a_negative_start_come_back():
    header = replace(HEADER, pts=np.array([-3], np.int64))
    assert Header.from_json(header.to_json()).pts.tolist() == [-3]


def test_a_constant_rate_takes_one_step_however_long_the_video():
    header = replace(HEADER, pts=np.arange(1000, dtype=np.int64) * 512)
    assert json.loads(header.to_json())["pts_steps"] == [[512, 999]]


def test_a_header_that_asks_for_more_frames_than_any_film_has_is_refused_at_once():
    text = re.sub(r'"pts_steps":.*?\]\]', '"pts_steps":[[1,1],[1,9000000000000000000]]', HEADER.to_json())
    with pytest.raises(ValueError, match="more than"):
        Header.from_json(text)


def test_seconds_are_ticks_times_the_exact_time_base():
    assert HEADER.seconds.tolist() == [10 * 1001 / 30000, 11011 / 30000, 12012 / 30000, 14014 / 30000, 0.5005]


def test_the_text_does_not_depend_on_the_order_of_the_classes():
    assert replace(HEADER, class_names={1: "person", 3: "car"}).to_json() == HEADER.to_json()


def test_edges_come_back_with_the_numbers_of_their_frames():
    cells = np.arange(8, dtype=np.uint8).reshape(2, 4)
    again = Header.from_json(replace(HEADER, edges={7: cells}).to_json())
    assert {frame: edges.tolist() for frame, edges in again.edges.items()} == {7: cells.tolist()}


#: Sixteen megabytes of nothing, sixteen times what an edge map may have.
BOMB = base64.b64encode(zlib.compress(bytes(1 << 24), 9)).decode()


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (f'[4096,4096,"{BOMB}"]', "reshape"),
        ('[2,4,"AAAA"]', "edges"),
        ('[2,9,"eNpjYGRiZmFlYwcAAFwAHQ=="]', "reshape"),
        ('[2,4,"?"]', "base64"),
    ],
)
def test_edges_that_are_damaged_are_refused(packed: str, told: str):
    text = HEADER.to_json()[:-1] + ',"edges":{"7":' + packed + "}}"
    with pytest.raises(ValueError, match=told):
        Header.from_json(text)


def test_another_schema_version_is_refused_by_number():
    text = HEADER.to_json().replace('"schema":2', '"schema":9')
    with pytest.raises(ValueError, match="schema version 9; this release reads 1 and 2"):
        Header.from_json(text)


@pytest.mark.parametrize(
    "wrong", [{"pts": np.zeros(0, np.int64)}, {"width": 0}, {"first_frame": -1}, {"time_base": Fraction(0)}]
)
def test_a_header_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        replace(HEADER, **wrong)
