from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.config import MaskRCNNConfig
from research.average_weights import average

CONFIG = MaskRCNNConfig(classes=("background", "car"), class_ids=(0, 3))
OTHER = replace(CONFIG, detection=replace(CONFIG.detection, count=7))
LONGER = replace(CONFIG, training=replace(CONFIG.training, roi_samples=7))


def write(path: Path, value: float, side: int = 2, config: MaskRCNNConfig = CONFIG) -> Path:
    metadata = {"config": config.to_json(), "name": path.stem}
    save_weights(path, {"kernel": np.full((side, 3), value, np.float32)}, metadata)
    return path


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 2.5), (0.25, 1.75)])
def test_each_number_is_part_of_the_way_and_the_rest_is_the_laters(
    tmp_path: Path, share: float, wanted: float
) -> None:
    before, after = write(tmp_path / "before.safetensors", 1), write(tmp_path / "after.safetensors", 4)
    average(before, after, tmp_path / "mean.safetensors", share)
    arrays, metadata = load_weights(tmp_path / "mean.safetensors")
    np.testing.assert_array_equal(arrays["kernel"], np.full((2, 3), wanted))
    assert metadata["name"] == "after"


@pytest.mark.parametrize("other", [{"side": 4}, {"config": OTHER}])
def test_two_networks_are_refused(tmp_path: Path, other: dict) -> None:
    before, after = write(tmp_path / "a.safetensors", 1), write(tmp_path / "b.safetensors", 4, **other)
    with pytest.raises(WeightsError, match="of two networks"):
        average(before, after, tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()


def test_what_only_training_reads_may_differ(tmp_path: Path) -> None:
    before = write(tmp_path / "a.safetensors", 1)
    after = write(tmp_path / "b.safetensors", 4, config=LONGER)
    average(before, after, tmp_path / "mean.safetensors")
    assert MaskRCNNConfig.from_json(load_weights(tmp_path / "mean.safetensors")[1]["config"]) == LONGER
