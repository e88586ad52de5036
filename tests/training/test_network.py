from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.formats.own_file import save_weights
from pipeline.model.presets import compact, compact_shufflenet
from pipeline.training.settings import TrainSettings
from pipeline.training.start import network_config


def settings(**values: object) -> TrainSettings:
    return TrainSettings(data=Path(), output=Path(), **values)  # type: ignore[arg-type]


def test_the_categories_are_its_classes_by_rising_id_without_the_unions() -> None:
    names = {7: "cone", 100: "vehicle", 2: "digger"}
    config = network_config(settings(unions={100: (7, 2)}, full_canvas=(64, 96)), names)
    assert config.classes == ("background", "digger", "cone")
    assert config.class_ids == (0, 2, 7)
    assert config.input.canvas == (64, 96)


def test_a_network_keeps_its_own_canvas_unless_another_is_asked_for() -> None:
    own = {
        name: network_config(settings(network=name), {1: "cone"}).input.canvas
        for name in ("compact", "compact_shufflenet")
    }
    assert own == {"compact": (384, 640), "compact_shufflenet": (512, 896)}


def test_the_settings_may_change_how_many_regions_are_trained_on() -> None:
    assert network_config(settings(), {1: "cone"}).training.roi_samples == 64
    assert network_config(settings(roi_samples=16), {1: "cone"}).training.roi_samples == 16


@pytest.mark.parametrize("names", [{}, {0: "cone"}])
def test_ids_that_leave_no_room_for_the_background_are_refused(names: dict[int, str]) -> None:
    with pytest.raises(ConfigError, match="ids from 1 on"):
        network_config(settings(), names)


def test_its_convolutions_are_dense_or_separable_as_those_of_its_start_are(tmp_path: Path) -> None:
    def multiplier(start: Path | None) -> int:
        given = None if start is None else str(start)
        return network_config(
            settings(network="compact_shufflenet", start=given), {1: "cone"}
        ).fpn.depth_multiplier

    assert multiplier(None) == 2
    start = tmp_path / "start.safetensors"
    for config, wanted in ((compact(), 0), (compact_shufflenet(), 2)):
        save_weights(start, {}, {"format": "seg-video 1", "config": config.to_json()})
        assert multiplier(start) == wanted
    save_weights(start, {}, {})
    assert multiplier(start) == 2
