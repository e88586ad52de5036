"""The lock of a run: one process at a time, whatever the others do with its file."""

from __future__ import annotations

import fcntl

import pytest

from pipeline.errors import RunInTheWayError
from pipeline.record.lock import is_held, run_lock


def test_a_second_taker_is_told_who_works(tmp_path):
    with run_lock(tmp_path / "lock"):
        assert is_held(tmp_path / "lock")
        with pytest.raises(RunInTheWayError, match="process "), run_lock(tmp_path / "lock"):
            pass
    assert not is_held(tmp_path / "lock")


def test_a_held_lock_with_bytes_that_are_no_text_is_told_too(tmp_path):
    (tmp_path / "lock").write_bytes(b"\xff\xfe\x00")
    with (tmp_path / "lock").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(RunInTheWayError, match="Another process"), run_lock(tmp_path / "lock"):
            pass


def test_a_lock_whose_file_was_removed_while_it_was_taken_is_none(tmp_path, monkeypatch):
    flock = fcntl.flock

    def remove_first(descriptor, how):
        (tmp_path / "lock").unlink()
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    with pytest.raises(RunInTheWayError, match="just finished"), run_lock(tmp_path / "lock"):
        pass
