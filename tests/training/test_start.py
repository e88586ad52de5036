from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, UsageError, WeightsError
from pipeline.formats.own_file import save_weights
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.networks.checkpoint import save_checkpoint, variables_of
from pipeline.training.start import load_start, start_path
from tests.model.small import small_config, small_model
from tests.training.semantic.coloured_halves import write_network

HEADS = ("box_head/class_logits", "mask_head/logits")


def model_of(*classes: str, seed: int) -> MaskRCNN:
    config = replace(
        small_config(), classes=("background", *classes), class_ids=tuple(range(len(classes) + 1))
    )
    return small_model(config, seed=seed)


def arrays_of(model: MaskRCNN) -> dict[str, np.ndarray]:
    return {name: np.array(variable) for name, variable in variables_of(model).items()}


@pytest.mark.parametrize("classes", [("bus", "car"), ("bus", "car", "cone")])
def test_a_class_takes_over_what_the_source_knows_of_it_by_its_name(
    tmp_path: Path, classes: tuple[str, ...]
) -> None:
    source, model = model_of("car", "person", seed=1), model_of(*classes, seed=2)
    save_checkpoint(source, tmp_path / "start.safetensors", {})
    before, known = arrays_of(model), arrays_of(source)
    start = load_start(model, tmp_path / "start.safetensors")
    after = arrays_of(model)
    assert start.kept_classes == ("car",)
    assert (start.fresh, start.unused) == ((), ())
    for name, array in after.items():
        if not name.startswith(HEADS):
            np.testing.assert_array_equal(array, known[name])
            continue
        np.testing.assert_array_equal(array[..., 0], known[name][..., 0])  # background
        np.testing.assert_array_equal(array[..., 2], known[name][..., 1])  # car
        np.testing.assert_array_equal(array[..., [1, *range(3, len(classes) + 1)]],
                                      before[name][..., [1, *range(3, len(classes) + 1)]])  # fmt: skip


def test_boxes_of_each_class_go_with_it(tmp_path: Path) -> None:
    def per_class(*classes: str) -> MaskRCNN:
        config = small_config()
        head = replace(config.box_head, class_agnostic_boxes=False)
        names, ids = ("background", *classes), tuple(range(len(classes) + 1))
        return small_model(replace(config, classes=names, class_ids=ids, box_head=head))

    source, model = per_class("car", "person"), per_class("person")
    source.box_head.offsets.bias.assign(np.arange(12))
    save_checkpoint(source, tmp_path / "start.safetensors", {})
    load_start(model, tmp_path / "start.safetensors")
    np.testing.assert_array_equal(np.array(model.box_head.offsets.bias), [0, 1, 2, 3, 8, 9, 10, 11])


def test_a_file_of_some_arrays_sets_these_and_says_what_is_left(tmp_path: Path) -> None:
    model = small_model()
    stem = np.full(variables_of(model)["backbone/stem/kernel"].shape, 0.5, np.float32)
    save_weights(tmp_path / "start.safetensors", {"backbone/stem/kernel": stem, "other": stem}, {})
    start = load_start(model, tmp_path / "start.safetensors")
    np.testing.assert_array_equal(np.array(model.backbone.stem.kernel), stem)
    assert (start.taken, start.unused, start.kept_classes) == (("backbone/stem/kernel",), ("other",), None)
    assert len(start.fresh) == len(model.weights) - 1
    assert str(start).startswith("1 variables taken over")


def test_a_file_in_which_nothing_fits_is_no_start(tmp_path: Path) -> None:
    save_weights(tmp_path / "start.safetensors", {"other": np.zeros(3, np.float32)}, {})
    with pytest.raises(ConfigError, match=r"Nothing in .* fits"):
        load_start(small_model(), tmp_path / "start.safetensors")


def test_a_network_that_classifies_pixels_is_no_start_for_one_that_finds_objects(tmp_path: Path) -> None:
    path = write_network(tmp_path / "start.safetensors")
    with pytest.raises(WeightsError, match=r"start\.safetensors is a network that classifies pixels"):
        load_start(small_model(), path)


def test_a_start_may_be_a_name_of_the_catalog() -> None:
    assert start_path("dashcam-lite").is_file()
    with pytest.raises(UsageError, match="did you mean 'dashcam-lite'"):
        start_path("dashcam-light")
    with pytest.raises(ConfigError, match="another network"):
        start_path("torchvision-r50-fpn")
    assert start_path("some/weights.safetensors") == Path("some/weights.safetensors")
