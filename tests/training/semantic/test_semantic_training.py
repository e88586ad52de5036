"""`seg-video train` and `eval` of a semantic network, from a YAML to weights that know the pictures by heart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.networks.registry import find_source
from pipeline.networks.semantic import is_semantic, pixel_classes
from pipeline.training.history import read_history
from tests.training.semantic.coloured_halves import CLASSES, write_halves

CONFIG = """\
task: semantic
data: data
validation: data/val.txt
output: out
network: unet
width: 4
full_canvas: [64, 96]
scales: [0.95, 1.05]
photometry: 0.1
batch: 3
steps: {steps}
learning_rate: 1e-2
weight_decay: 0
warmup_steps: 3
ema_decay: 0.8
log_every: 10
checkpoint_every: {every}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_halves(tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.timeout(300)
def test_four_pictures_are_learnt_and_measured_and_nothing_is_said_of_a_gpu_that_is_not_there(
    here: Path, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "train.yaml").write_text(CONFIG.format(steps=40, every=40))
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "train", "train.yaml", "--quiet"],
        env={**environment, "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": str(repo_root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    weights = here / "out" / "weights.safetensors"
    source = find_source(weights)
    assert is_semantic(source)
    assert pixel_classes(source).names == tuple(CLASSES)
    assert {"losses.csv", "metrics.csv", "losses.png"} <= {file.name for file in (here / "out").iterdir()}
    (row,) = read_history(here / "out" / "metrics.csv")
    capsys.readouterr()
    asked = ["eval", "data", "--model", str(weights), "--only", "data/val.txt", "--out", "figures"]
    assert cli.main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pictures"] == 1
    assert told["mean_iou"] > 0.5  # of a picture that was never shown
    assert told["pixel_accuracy"] > 0.8
    assert told["mean_iou"] == pytest.approx(row["mean_iou"], abs=0.02)  # float16
    assert sum(map(sum, told["confusion"])) == 62 * 96  # two rows are ignored
    assert {file.name for file in (here / "figures").iterdir()} == {
        "metrics.json", "confusion.png", "worst.png"
    }  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.slow  # 25 s; the same trainer is tested with instances
def test_a_run_that_went_on_has_the_weights_of_one_that_was_never_stopped(here: Path) -> None:
    from pipeline.errors import InterruptedRunError
    from pipeline.training.settings import read_settings
    from pipeline.training.trainer import train

    (here / "whole.yaml").write_text(CONFIG.format(steps=4, every=4).replace("output: out", "output: whole"))
    (here / "train.yaml").write_text(CONFIG.format(steps=4, every=4).replace("log_every: 10", "log_every: 1"))
    train(read_settings(here / "whole.yaml"), lambda _: None)
    heard: list[int] = []
    with pytest.raises(InterruptedRunError):
        train(read_settings(here / "train.yaml"), lambda event: heard.append(event.step), lambda: 2 in heard)
    train(read_settings(here / "train.yaml"), lambda _: None)
    from pipeline.formats.own_file import load_weights

    whole, ours = (load_weights(here / name / "weights.safetensors")[0] for name in ("whole", "out"))
    for name, value in whole.items():
        assert value == pytest.approx(ours[name], abs=1e-3), name


def test_what_is_wrong_is_told_before_anything_starts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = CONFIG.format(steps=4, every=4)
    for more, complaint in (
        ("network: segnet\n", "network"),
        ("class_weights: {car: 2}\n", "car, which is no class"),
        ("classes: {sky: [1, 2]}\n", "red, green and blue"),
        ("objects: 3\n", "There is no setting called 'objects'"),
    ):
        kept = text.replace("network: unet\n", "") if more.startswith("network") else text
        (here / "train.yaml").write_text(kept + more)
        assert cli.main(["train", "train.yaml", "--quiet"]) == 2
        assert complaint in capsys.readouterr().err
