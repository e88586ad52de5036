from pathlib import Path

from pipeline.training.history import History, read_history
from pipeline.training.plot import plot_losses


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
