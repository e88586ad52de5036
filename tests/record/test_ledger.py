from __future__ import annotations

import resource
import time

import pytest

from pipeline.errors import WriteError
from pipeline.record.ledger import Ledger, Made


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "000000.mp4"
    path.write_bytes(b"part")
    return path


def test_what_is_recorded_is_done_for_who_reads_it_later(tmp_path, file):
    Ledger(tmp_path / "ledger").record("render", 0, "mark", Made(file, {"render": 1.5}))
    entry = Ledger(tmp_path / "ledger").done("render", 0, "mark", file)
    assert entry is not None
    assert (entry.size, entry.seconds) == (4, 1.5)
    assert entry.sha256[:8] == "37a68013"


def test_another_fingerprint_size_or_no_file_is_not_done(tmp_path, file):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record("render", 0, "mark", Made(file))
    assert ledger.done("render", 0, "other", file) is None
    assert ledger.done("render", 1, "mark", file) is None
    file.write_bytes(b"part that was changed")
    assert ledger.done("render", 0, "mark", file) is None
    file.unlink()
    assert ledger.done("render", 0, "mark", file) is None


def test_a_file_of_the_same_size_with_other_content_is_not_done(tmp_path, file):
    Ledger(tmp_path / "ledger").record("render", 0, "mark", Made(file))
    file.write_bytes(b"prat")
    assert Ledger(tmp_path / "ledger").done("render", 0, "mark", file) is None


def test_a_file_beside_it_that_was_changed_makes_it_undone(tmp_path, file):
    state = tmp_path / "000000.state"
    state.write_bytes(b"state")
    Ledger(tmp_path / "ledger").record("track", 0, "mark", Made(file, also=(state,)))
    assert Ledger(tmp_path / "ledger").done("track", 0, "mark", file) is not None
    state.write_bytes(b"other")
    assert Ledger(tmp_path / "ledger").done("track", 0, "mark", file) is None


def test_a_failure_is_no_result_and_a_later_result_ends_it(tmp_path, file):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_failure("render", 0, "mark", "disk")
    assert ledger.done("render", 0, "mark", file) is None
    assert [entry.failed for entry in Ledger(tmp_path / "ledger").failures()] == ["disk"]
    ledger.record("render", 0, "mark", Made(file))
    assert Ledger(tmp_path / "ledger").failures() == []


@pytest.mark.parametrize("lost", range(1, 60, 7))
def test_a_line_cut_off_by_a_kill_spoils_neither_the_one_before_nor_the_one_behind(tmp_path, file, lost):
    path = tmp_path / "ledger"
    for chunk in range(2):
        Ledger(path).record("render", chunk, "mark", Made(file))
    path.write_bytes(path.read_bytes()[:-lost])
    ledger = Ledger(path)
    assert ledger.done("render", 0, "mark", file)
    assert bool(ledger.done("render", 1, "mark", file)) is (lost == 1)
    ledger.record("render", 2, "mark", Made(file))
    again = Ledger(path)
    assert again.done("render", 0, "mark", file)
    assert again.done("render", 2, "mark", file)


def test_a_line_for_which_there_is_no_room_is_an_error_and_not_half_a_line(tmp_path, file):
    ledger = Ledger(tmp_path / "ledger")
    ledger.record_start()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, ((tmp_path / "ledger").stat().st_size + 10, limits[1]))
    try:
        with pytest.raises(WriteError, match="File too large"):
            ledger.record_intent("mux", "mark", "0" * 64)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    ledger.record("render", 0, "mark", Made(file))
    assert Ledger(tmp_path / "ledger").done("render", 0, "mark", file) is not None


def test_speed_is_read_off_times_that_a_clock_that_is_set_leaves_alone(tmp_path, file, monkeypatch):
    ledger, real = Ledger(tmp_path / "ledger"), time.time
    start = ledger.record_start().at
    assert abs(start - real()) < 60
    monkeypatch.setattr(time, "time", lambda: real() + 3e7)
    assert start < ledger.record("render", 0, "mark", Made(file)).at < start + 60
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    assert start < Ledger(tmp_path / "ledger").record_start().at < start + 60
