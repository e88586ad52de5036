"""A run's folder is believed only where nobody else could have put it, or something into it."""

from __future__ import annotations

import pytest

from pipeline.errors import RunInTheWayError
from pipeline.files import TEMPORARY_SUFFIX
from pipeline.record.layout import RunLayout


def test_a_folder_of_ones_own_is_taken_and_one_that_is_missing_too(tmp_path):
    layout = RunLayout.of(tmp_path / "out.mp4")
    layout.check_private()
    layout.make_folders()
    layout.check_private()
    assert layout.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("which", ["folder", "work"])
def test_a_link_is_refused_and_nothing_is_written_through_it(tmp_path, which):
    victim = tmp_path / "victim"
    victim.mkdir()
    layout = RunLayout.of(tmp_path / "out.mp4")
    planted = getattr(layout, which)
    planted.parent.mkdir(exist_ok=True)
    planted.symlink_to(victim)
    with pytest.raises(RunInTheWayError, match="a link"):
        layout.check_private()
    assert list(victim.iterdir()) == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o720])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path, mode):
    layout = RunLayout.of(tmp_path / "out.mp4")
    layout.make_folders()
    layout.work.chmod(mode)
    with pytest.raises(RunInTheWayError, match="others can write"):
        layout.check_private()


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    layout = RunLayout.of(tmp_path / "out.mp4")
    layout.folder.touch()
    with pytest.raises(RunInTheWayError, match="no folder"):
        layout.check_private()


def test_only_who_holds_the_lock_removes_what_lies_half_written(tmp_path):
    layout = RunLayout.of(tmp_path / "out.mp4")
    layout.make_folders()
    half_written = layout.folder / f".out.mp4.abc{TEMPORARY_SUFFIX}"
    half_written.touch()
    layout.make_folder()  # before the lock is taken: a process may be writing
    assert half_written.exists()
    layout.make_folders()
    assert not half_written.exists()
