import math
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.box_coder import decode
from pipeline.model.config import MaskRCNNConfig
from research import pack_network

CONFIG = MaskRCNNConfig(classes=("background", "person", "car"), class_ids=(0, 1, 3))


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Runs the command on a file whose mask biases are 1, and gives what comes out."""
    source, out = tmp_path / "source.safetensors", tmp_path / "out.safetensors"
    metadata = {"config": CONFIG.to_json(), "format": "seg-video 1"}
    biases = {"mask_head/logits/bias": np.ones(3), "box_head/offsets/bias": np.ones(12)}
    save_weights(source, {name: bias.astype(np.float32) for name, bias in biases.items()}, metadata)

    def run(*words: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        monkeypatch.setattr(sys, "argv", ["pack", str(source), str(out), "--training", "a.yaml", *words])
        pack_network.main()
        return load_weights(out)

    return run


def test_the_probability_asked_for_becomes_a_half(pack) -> None:
    arrays, metadata = pack("--mask-threshold", "0.45", "person=0.4", "--mask-power", "0.5")
    logit = {one: math.log(one / (1 - one)) for one in (0.45, 0.4)}
    wanted = [1 - logit[0.45], 1 - logit[0.4], 1 - logit[0.45]]
    np.testing.assert_allclose(arrays["mask_head/logits/bias"], wanted, atol=1e-3)
    assert metadata["mask_threshold"] == "0.45 person=0.4"
    assert (metadata["name"], metadata["training_config"]) == ("dashcam-lite", "a.yaml")
    assert MaskRCNNConfig.from_json(metadata["config"]).detection.mask_power == 0.5


def test_masks_and_boxes_stay_as_they_are_unless_it_is_asked_for(pack) -> None:
    arrays, metadata = pack()
    np.testing.assert_array_equal(arrays["mask_head/logits/bias"], np.ones(3))
    np.testing.assert_array_equal(arrays["box_head/offsets/bias"], np.ones(12))
    assert not metadata.keys() & {"mask_threshold", "box_scale"}


def test_boxes_get_the_size_asked_for_about_the_same_centre(pack) -> None:
    offsets = pack("--box-scale", "1.1")[0]["box_head/offsets/bias"].reshape(3, 4)
    proposal = np.array([100.0, 200.0, 140.0, 280.0], np.float32)
    before, after = (decode(one, proposal, CONFIG.detection.box_weights) for one in (np.ones(4), offsets[1]))
    np.testing.assert_allclose(after[:2] + after[2:], before[:2] + before[2:], atol=0.1)
    np.testing.assert_allclose((after[2:] - after[:2]) / (before[2:] - before[:2]), 1.1, atol=1e-3)
    np.testing.assert_array_equal(offsets, offsets[[1, 1, 1]])


def test_what_a_file_was_calibrated_by_before_stays_noted(pack, tmp_path: Path) -> None:
    pack("--mask-threshold", "0.45")
    (tmp_path / "out.safetensors").replace(tmp_path / "source.safetensors")
    metadata = pack("--box-scale", "1.03")[1]
    assert (metadata["mask_threshold"], metadata["box_scale"]) == ("0.45", "1.03")


def test_each_network_that_ships_has_its_licence(pack) -> None:
    assert pack()[1]["licence"].startswith("non-commercial")
    assert pack("--name", "dashcam-open")[1]["licence"].startswith("Apache-2.0")


@pytest.mark.parametrize("words", [["0.45", "lorry=0.4"], ["0.45", "person"], ["person=0.4"]])
def test_a_threshold_of_no_class_is_refused(pack, words: list[str]) -> None:
    with pytest.raises(SystemExit):
        pack("--mask-threshold", *words)
