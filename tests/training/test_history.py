import errno
from pathlib import Path

import pytest

from pipeline.errors import UsageError, WriteError
from pipeline.training.history import History, read_history
from pipeline.training.plot import plot_losses


def no_room(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_rows_come_back_as_they_were_added(tmp_path: Path) -> None:
    history = History(tmp_path / "losses.csv", 0)
    history.add({"step": 20, "loss": 1.5})
    history.add({"step": 40, "loss": 0.25})
    assert (tmp_path / "losses.csv").read_text().splitlines()[0] == "step,loss"
    assert read_history(tmp_path / "losses.csv") == [
        {"step": 20.0, "loss": 1.5}, {"step": 40.0, "loss": 0.25}
    ]  # fmt: skip


def test_a_run_that_goes_on_keeps_what_was_before_its_checkpoint_and_drops_what_it_does_again(
    tmp_path: Path,
) -> None:
    history = History(tmp_path / "losses.csv", 0)
    for step in (20, 40, 60):
        history.add({"step": step, "loss": step / 10})
    again = History(tmp_path / "losses.csv", 40)  # the checkpoint is of 40 steps done
    again.add({"step": 60, "loss": 9.0})
    assert [(row["step"], row["loss"]) for row in read_history(tmp_path / "losses.csv")] == [
        (20, 2), (40, 4), (60, 9)
    ]  # fmt: skip


@pytest.mark.parametrize("cut", ["60", "60,0.", "60,", "\0\0\0\0"])
def test_a_run_goes_on_behind_a_row_that_a_full_disk_cut_off(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "losses.csv"
    history = History(path, 0)
    history.add({"step": 20, "loss": 1.5, "mask": 0.5})
    history.add({"step": 40, "loss": 0.25, "mask": 0.125})
    whole = path.read_bytes()
    path.write_bytes(whole + cut.encode())
    assert [row["step"] for row in read_history(path)] == [20, 40]
    again = History(path, 40)
    assert path.read_bytes() == whole
    again.add({"step": 60, "loss": 1, "mask": 1})
    assert path.read_bytes() == whole + b"60,1,1\r\n"


def test_rows_are_not_lost_where_there_is_no_room_to_write_them_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "losses.csv"
    History(path, 0).add({"step": 20, "loss": 1.5})
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", no_room)
    with pytest.raises(WriteError, match="No space left"):
        History(path, 40)
    assert path.read_bytes() == before


def test_a_row_that_finds_no_room_is_told(tmp_path: Path) -> None:
    history = History(tmp_path / "losses.csv", 0)
    (tmp_path / "losses.csv").symlink_to("/dev/full")
    with pytest.raises(WriteError, match="No space left"):
        history.add({"step": 20, "loss": 1.5})


def test_another_file_of_that_name_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / "losses.csv").write_text("day,loss of money\n1,2\n")
    with pytest.raises(UsageError, match="no history"):
        History(tmp_path / "losses.csv", 0)
    assert (tmp_path / "losses.csv").read_text() == "day,loss of money\n1,2\n"


def test_a_run_from_the_start_begins_an_empty_log(tmp_path: Path) -> None:
    History(tmp_path / "losses.csv", 0).add({"step": 20, "loss": 1.0})
    History(tmp_path / "losses.csv", 0)
    assert not (tmp_path / "losses.csv").exists()


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    history = History(tmp_path / "losses.csv", 0)
    for step in (20, 40):
        history.add({"step": step, "pictures_per_second": 3.0, "loss": 20 / step, "mask": 10 / step})
    plot_losses(tmp_path / "losses.csv", tmp_path / "losses.png")
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
