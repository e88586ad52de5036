from dataclasses import fields
from pathlib import Path

import pytest

from pipeline.errors import ConfigError, UsageError
from pipeline.training.semantic.settings import SemanticSettings
from pipeline.training.settings import TrainSettings, read_settings

MINIMUM = "data: pictures\noutput: results\n"


def settings_of(tmp_path: Path, text: str) -> TrainSettings:
    path = tmp_path / "train.yaml"
    path.write_text(text)
    return read_settings(path)


def test_two_keys_are_enough_and_paths_count_from_the_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, MINIMUM)
    assert settings == TrainSettings(data=tmp_path / "pictures", output=tmp_path / "results")


def test_values_become_what_the_setting_is(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        MINIMUM + "unions: {100: [3, 6]}\ncanvas: [64, 96]\nflip: 0\nlearning_rate: 1e-3\nvalidation: null\n",
    )
    assert settings.unions == {100: (3, 6)}
    assert settings.canvas == (64, 96)
    assert (settings.flip, type(settings.flip)) == (0.0, float)
    assert settings.learning_rate == 0.001  # a text to YAML 1.1, as it has no dot
    assert settings.validation is None


@pytest.mark.parametrize(
    ("start", "meant"),
    [("dashcam-lite", "dashcam-lite"), ("a.safetensors", "{}/a.safetensors"), ("a/b", "{}/a/b")],
)
def test_a_start_is_a_name_of_the_catalog_or_a_path_from_the_file(
    tmp_path: Path, start: str, meant: str
) -> None:
    assert settings_of(tmp_path, f"{MINIMUM}start: {start}\n").start == meant.format(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "complaint"),
    [
        (MINIMUM + "stepps: 3\n", 3, "did you mean 'steps'?"),
        (MINIMUM + "\n# twelve\nsteps: twelve\n", 5, "give a whole number"),
        (MINIMUM + "steps: true\n", 3, "give a whole number"),
        (MINIMUM + "steps: 0\n", 3, "steps must be at least 1"),
        (MINIMUM + "flip: 2\n", 3, "flip must be in 0..1"),
        (MINIMUM + "canvas: [100, 64]\n", 3, "multiples of 32"),
        (MINIMUM + "canvas: [64]\n", 3, "give a list of 2 whole numbers"),
        (MINIMUM + "scales: [2, 1]\n", 3, "the smaller first"),
        (MINIMUM + "scales: [1, 1, 1]\n", 3, "give a list of 2 numbers"),
        (MINIMUM + "learning_rate: fast\n", 3, "give a number"),
        (MINIMUM + "optimizer: adam\n", 3, "give one of adamw, sgd"),
        (
            MINIMUM + "network: resnet\n",
            3,
            "network must be one of compact, compact_shufflenet, compact_esnet",
        ),
        (MINIMUM + "unions: [3, 6]\n", 3, "give a mapping of whole numbers to lists of whole numbers"),
        (MINIMUM + "start: 3\n", 3, "give text"),
        (MINIMUM + "seed: 1\nbatch: 4\nseed: 2\n", 5, "'seed' is already given in line 3"),
        (MINIMUM + "longest: -5\n", 3, "longest must be at least 1"),
        (MINIMUM + "roi_samples: 0\n", 3, "roi_samples must be at least 1"),
        (MINIMUM + "seed: -1\n", 3, "seed must be a whole number from 0"),
        (MINIMUM + "weight_decay: -0.1\n", 3, "weight_decay must be at least 0"),
        (MINIMUM + "driver_weight: -2\n", 3, "driver_weight must be at least 0"),
        (MINIMUM + "source_weights: {camvid: -1}\n", 3, "source_weights must be numbers that are at least 0"),
        (MINIMUM + "steps: 100\nwarmup_steps: 100\n", 4, "fewer than the 100 steps"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, complaint: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(tmp_path, text)
    assert raised.value.what.startswith(f"{tmp_path / 'train.yaml'}, line {line}: ")
    assert complaint in str(raised.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("output: results\n", "data must be given"),
        ("- data\n", "keys to values"),
        ("", "keys to values"),
        ("data: [\n", "This is not valid YAML"),
        (MINIMUM + "paste: 0.5\n", "paste_categories must be"),
    ],
)
def test_what_no_line_is_to_blame_for_names_the_file(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as raised:
        settings_of(tmp_path, text)
    assert str(tmp_path / "train.yaml") in raised.value.what
    assert "None" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"train\.yaml cannot be opened"):
        read_settings(tmp_path / "train.yaml")


def test_settings_made_in_code_are_checked_too() -> None:
    with pytest.raises(ConfigError, match="batch must be at least 1"):
        TrainSettings(data=Path(), output=Path(), batch=0)


@pytest.mark.parametrize(
    ("steps", "rise"), [(1001, 200), (1000, 200), (999, 199), (201, 40), (100, 20), (2, 0), (1, 0)]
)
def test_a_short_run_rises_in_a_fifth_of_its_steps(tmp_path: Path, steps: int, rise: int) -> None:
    assert settings_of(tmp_path, f"{MINIMUM}steps: {steps}\n").rise == rise
    assert settings_of(tmp_path, f"{MINIMUM}steps: 400\nwarmup_steps: 7\n").rise == 7


def test_a_mistake_of_two_settings_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        settings_of(tmp_path, MINIMUM + "steps: 2\nwarmup_steps: 5\n")
    assert str(raised.value).count("fewer than the 2 steps") == 1


def test_every_setting_is_described_in_the_manual(repo_root: Path) -> None:
    manual = (repo_root / "docs" / "training.md").read_text()
    names = [one.name for kind in (TrainSettings, SemanticSettings) for one in fields(kind)]
    assert [name for name in names if f"`{name}`" not in manual] == []


@pytest.mark.parametrize("name", ["dashcam-lite.yaml", "own-data.yaml", "camvid-unet.yaml"])
def test_the_configs_that_come_along_can_be_read(repo_root: Path, name: str) -> None:
    settings = read_settings(repo_root / "jobs" / "train" / name)
    assert settings.steps > 0
    foreign = name == "camvid-unet.yaml"  # whose pictures are not ours to give
    assert foreign or settings.validation is None or settings.validation.is_file()
