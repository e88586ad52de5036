from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights, save_weights
from research.average_weights import average


def write(path: Path, value: float, side: int = 2, config: str = "one") -> Path:
    save_weights(
        path, {"kernel": np.full((side, 3), value, np.float32)}, {"config": config, "name": path.stem}
    )
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


@pytest.mark.parametrize("other", [{"side": 4}, {"config": "two"}])
def test_two_networks_are_refused(tmp_path: Path, other: dict) -> None:
    before, after = write(tmp_path / "a.safetensors", 1), write(tmp_path / "b.safetensors", 4, **other)
    with pytest.raises(WeightsError, match="of two networks"):
        average(before, after, tmp_path / "mean.safetensors")
    assert not (tmp_path / "mean.safetensors").exists()
