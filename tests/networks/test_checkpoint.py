from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import WeightsError
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.networks.checkpoint import load_checkpoint, save_checkpoint, variables_of
from pipeline.networks.registry import load
from pipeline.networks.semantic import load_semantic
from pipeline.networks.settings import LoadSettings
from tests.formats.torch_zip import write_state_dict
from tests.model.small import noise, small_model


@pytest.fixture(scope="module")
def model() -> MaskRCNN:
    return small_model()


@pytest.fixture
def file(model: MaskRCNN, tmp_path: Path) -> Path:
    save_checkpoint(model, tmp_path / "own.safetensors", {"licence": "none"})
    return tmp_path / "own.safetensors"


def test_our_own_file_brings_back_config_and_variables(model: MaskRCNN, file: Path) -> None:
    again = load_checkpoint(file)
    assert again.config == model.config
    for (path, variable), (again_path, again_variable) in zip(
        variables_of(model).items(), variables_of(again).items(), strict=True
    ):
        assert path == again_path
        np.testing.assert_array_equal(variable, again_variable)
    assert load_weights(file)[1]["licence"] == "none"


def test_settings_that_no_shape_depends_on_can_be_changed_on_loading(file: Path) -> None:
    changed = load_checkpoint(file, adapt=LoadSettings(score=0.7, proposals=5, detections=3).adapt)
    assert (changed.config.detection.score, changed.config.detection.count, changed.config.rpn.post_nms) == (
        0.7,
        3,
        5,
    )


def test_the_error_of_a_misfit_lists_both_sides(model: MaskRCNN, file: Path) -> None:
    arrays, metadata = load_weights(file)
    arrays["box_head/dense9/kernel"] = arrays.pop("box_head/dense0/kernel")
    arrays["rpn/objectness/bias"] = np.zeros(7, np.float32)
    save_weights(file, arrays, metadata)
    with pytest.raises(WeightsError) as error:
        load_checkpoint(file)
    text = str(error.value)
    assert "box_head/dense0/kernel" in text
    assert "box_head/dense9/kernel" in text
    assert "rpn/objectness/bias [3] <- rpn/objectness/bias [7]" in text


def test_a_safetensors_file_of_another_program_is_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "other.safetensors", {"x": np.zeros(2, np.float32)}, {})
    with pytest.raises(WeightsError, match="another program"):
        load_checkpoint(tmp_path / "other.safetensors")


def test_a_state_dict_of_something_else_is_refused_by_what_it_lacks(tmp_path: Path) -> None:
    write_state_dict(tmp_path / "resnet.pth", {"fc.weight": np.zeros((10, 4), np.float32)})
    with pytest.raises(WeightsError, match=r"cls_score\.bias"):
        load_checkpoint(tmp_path / "resnet.pth")


def test_class_names_have_to_fit_the_classifier(tmp_path: Path) -> None:
    state = {"roi_heads.box_predictor.cls_score.bias": np.zeros(3, np.float32)}
    write_state_dict(tmp_path / "tiny.pth", state)
    with pytest.raises(WeightsError, match="3 outputs"):
        load_checkpoint(tmp_path / "tiny.pth", classes={7: "tram"})


def test_a_path_gives_a_segmenter_whatever_it_leads_to(model: MaskRCNN, file: Path) -> None:
    frames = noise(1, 96, 128)
    segmenter = load(file, LoadSettings(precision="float32", film=True))
    assert segmenter.class_names == {3: "car", 1: "person"}
    (found,), (expected,) = segmenter.segment(frames), MaskRCNNPredictor(model).segment(frames)
    np.testing.assert_allclose(found.boxes, expected.boxes, atol=1e-3)
    assert np.abs(found.roi_masks.astype(int) - expected.roi_masks).max() <= 1  # a mask is rounded to 1 / 255


@pytest.mark.parametrize("runtime", ["openvino", "tensorflow"])
def test_more_is_looked_at_in_a_still_than_in_a_frame_of_a_film(file: Path, runtime: str) -> None:
    film, still, few = (
        load(file, LoadSettings(device="cpu", runtime=runtime, precision="float32", **asked))
        for asked in ({"film": True}, {}, {"proposals": 5})
    )
    networks = [getattr(network, "model", network) for network in (film, still, few)]
    own, other, fewest = (network.config for network in networks)
    assert (own.detection.mean_iou, other.detection.mean_iou) == (0.0, 0.7)
    assert own.rpn.post_nms < other.rpn.post_nms == 160
    assert fewest == replace(other, rpn=replace(other.rpn, post_nms=5))


def test_a_file_of_no_known_kind_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"\.safetensors"):
        load(tmp_path / "weights.bin")


def test_settings_left_out_leave_a_config_alone(model: MaskRCNN) -> None:
    assert LoadSettings().adapt(model.config) == model.config
    sized = LoadSettings(min_size=300, max_size=500).adapt(model.config)
    assert sized == replace(model.config, input=replace(model.config.input, min_size=300, max_size=500))


@pytest.mark.parametrize("config", ["{", "[]", '{"classes": ["background", "car"]}'])
@pytest.mark.parametrize(("kind", "read"), [({}, load_checkpoint), ({"kind": "semantic"}, load_semantic)])
def test_a_config_that_cannot_be_read_is_named_with_its_file(tmp_path, config, kind, read):
    path = tmp_path / "own.safetensors"
    save_weights(path, {}, {"format": "seg-video 1", "config": config, **kind})
    with pytest.raises(WeightsError, match=r"own\.safetensors") as raised:
        read(path)
    assert raised.value.found
    assert raised.value.do
