import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import cli
from pipeline.cli import required
from pipeline.training import trainer
from tests.training.shapes import write_shapes

CONFIG = """\
data: data
output: out
full_canvas: [64, 96]
batch: 2
steps: 4
warmup_steps: 1
log_every: 1
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, narrow_compact: None) -> Path:
    write_shapes(tmp_path / "data")
    (tmp_path / "train.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ctrl_c_ends_the_step_at_hand_and_the_same_command_goes_on(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = 0

    def step(images: np.ndarray, targets: Any) -> dict[str, float]:
        nonlocal steps
        steps += 1
        if steps == 2:
            # What the command has put there, and no signal: that would be one to the process of all tests.
            signal.getsignal(signal.SIGINT)(signal.SIGINT, None)
        return {"loss": 1.0}

    monkeypatch.setattr(trainer, "make_step", lambda *_: step)
    before = signal.getsignal(signal.SIGINT)
    assert cli.main(["train", "train.yaml"]) == 130
    assert "Training stopped after step 2 of 4" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    assert cli.main(["train", "train.yaml"]) == 0
    said = capsys.readouterr()
    assert "going on at step 2" in said.err
    assert steps == 4
    assert said.out.splitlines()[0].startswith("weights: out/weights.safetensors (")
    assert said.out.splitlines()[1] == "use them: seg-video in.mp4 out.mp4 --model out/weights.safetensors"


def test_a_wrong_key_is_a_usage_error_with_its_line(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "train.yaml").write_text(CONFIG + "lerning_rate: 1\n")
    assert cli.main(["train", "train.yaml"]) == 2
    assert "train.yaml, line 8: There is no setting called 'lerning_rate'" in capsys.readouterr().err


def test_pictures_that_are_not_there_are_an_input_error(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "data" / "annotations.json").unlink()
    assert cli.main(["train", "train.yaml"]) == 3
    assert "data has no COCO annotations" in capsys.readouterr().err


def test_what_the_losses_are_drawn_with_is_asked_for_before_anything_is_done(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(required, "find_spec", lambda name: None if name == "matplotlib" else object())
    assert cli.main(["train", "train.yaml"]) == 2
    assert "pip install -e '.[train]'" in capsys.readouterr().err
    assert not (here / "out").exists()
