"""The order of things in a run; what a step does is held elsewhere, so that it is a stand-in here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import ConfigError, InputError, InterruptedRunError
from pipeline.formats.own_file import read_metadata, save_weights
from pipeline.networks.checkpoint import load_checkpoint
from pipeline.training import trainer
from pipeline.training.history import read_history
from pipeline.training.progress import Progress
from pipeline.training.settings import TrainSettings
from tests.training.shapes import CATEGORIES, write_shapes


@pytest.fixture(autouse=True)
def stand_in(narrow_compact: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step whose loss is a function of the pictures it is given."""
    monkeypatch.setattr(
        trainer, "make_step", lambda *_: lambda images, targets: {"loss": float(images.mean())}
    )


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        data=write_shapes(tmp_path / "data"), output=tmp_path / "out", full_canvas=(64, 96), batch=2, steps=6,
        warmup_steps=1, objects=3, log_every=1, checkpoint_every=100,
    )  # fmt: skip


class Listener:
    """Keeps what it is told, and asks to stop once that many steps are done."""

    def __init__(self, patience: int = 100) -> None:
        self.events: list[Progress] = []
        self.patience = patience

    def __call__(self, event: Progress) -> None:
        self.events.append(event)

    def stop(self) -> bool:
        return max((event.step for event in self.events), default=0) >= self.patience


def losses_of(settings: TrainSettings) -> list[tuple[float, float]]:
    return [(row["step"], row["loss"]) for row in read_history(settings.output / trainer.HISTORY)]


def test_an_interrupted_run_sees_the_same_pictures_as_an_uninterrupted_one(
    settings: TrainSettings, tmp_path: Path
) -> None:
    whole = replace(settings, output=tmp_path / "whole")
    trainer.train(whole, Listener())
    listener = Listener(patience=3)
    with pytest.raises(InterruptedRunError, match="after step 3 of 6"):
        trainer.train(settings, listener, listener.stop)
    assert [step for step, _ in losses_of(settings)] == [1, 2, 3]
    again = Listener()
    assert trainer.train(settings, again) == settings.output / "weights.safetensors"
    assert any(event.message == "going on at step 3" for event in again.events)
    assert not any("reading pictures" in event.message for event in again.events)  # they are in the cache
    assert losses_of(settings) == losses_of(whole)
    assert len({loss for _, loss in losses_of(whole)}) == 6


def test_a_run_leaves_weights_that_say_what_made_them_a_log_and_a_plot(settings: TrainSettings) -> None:
    path = trainer.train(settings, Listener())
    model = load_checkpoint(path)
    assert model.config.classes == ("background", *CATEGORIES.values())
    assert model.config.class_ids == (0, *CATEGORIES)
    assert {file.name for file in settings.output.iterdir()} == {
        "cache", "checkpoint.safetensors", "weights.safetensors", "losses.csv", "losses.png"
    }  # fmt: skip


def test_a_loss_that_is_none_ends_the_run_before_it_is_saved(
    settings: TrainSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "make_step", lambda *_: lambda *_: {"loss": float("nan")})
    with pytest.raises(ConfigError, match="The loss of step 1 is nan"):
        trainer.train(settings, Listener())
    assert not (settings.output / trainer.CHECKPOINT).exists()


def test_reading_pictures_can_be_stopped_too(settings: TrainSettings) -> None:
    with pytest.raises(InterruptedRunError, match="while it read the pictures"):
        trainer.train(settings, Listener(), lambda: True)


def test_a_folder_with_nothing_to_train_on_is_refused(settings: TrainSettings, tmp_path: Path) -> None:
    (tmp_path / "held_out.txt").write_text("1.png\n2.png\n3.png\n4.png\n")
    with pytest.raises(InputError, match=r"No picture .* is left"):
        trainer.train(replace(settings, validation=tmp_path / "held_out.txt"), Listener())


@pytest.mark.parametrize("there", [None, "3", "6"])
def test_weights_that_a_kill_behind_the_last_checkpoint_prevented_are_written_when_it_goes_on(
    settings: TrainSettings, monkeypatch: pytest.MonkeyPatch, there: str | None
) -> None:
    """there : the step of the weights that were written before. No network is made, which takes seconds."""
    result, zero = settings.output / trainer.RESULT, {"weight": np.zeros(1, np.float32)}
    settings.output.mkdir()
    (settings.output / trainer.CHECKPOINT).touch()
    if there is not None:
        save_weights(result, zero, {"training_steps": there})
    monkeypatch.setattr(trainer, "optimizer_groups", lambda *_: None)
    monkeypatch.setattr(trainer, "TrainState", lambda *_: None)
    monkeypatch.setattr(trainer, "load_state", lambda *_: 6)
    monkeypatch.setattr(
        trainer, "save_result", lambda _, path, told: save_weights(path, zero, {**told, "written": "now"})
    )
    lesson = SimpleNamespace(model=None, objective=None, maker=None, metadata={}, measure=None)
    assert trainer.teach(settings, lesson, Listener()) == result
    metadata = read_metadata(result)
    assert (metadata["training_steps"], "written" in metadata) == ("6", there != "6")
