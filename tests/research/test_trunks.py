import keras
import pytest

from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.config import BackboneConfig, MaskRCNNConfig
from pipeline.training.settings import TrainSettings
from pipeline.training.start import network_config
from research.trunks.presets import compact_mobilenet, compact_squeezenet, register_trunks


@pytest.mark.parametrize(
    ("config", "channels", "parameters"),
    [
        # Keras' MobileNetV2 without top has 2 257 984; its last 1x1 convolution is not part of the trunk:
        # 320 x 1280 and the 4 x 1280 of its norm.
        (BackboneConfig(kind="mobilenet_v2"), (24, 32, 96, 320), 2_257_984 - 320 * 1280 - 4 * 1280),
        # torchvision's squeezenet1_1 has 1 235 496, 513 000 of them its classifier. Each of our two added fire modules
        # has 512 x 64 + 64 of its squeeze, and 10 x 64 x 256 + 2 x 256 of its expansions.
        (
            BackboneConfig(kind="squeezenet", norm="none"),
            (128, 256, 512, 512),
            1_235_496 - 513_000 + 2 * (512 * 64 + 64 + 10 * 64 * 256 + 2 * 256),
        ),
    ],
)
def test_a_trunk_has_the_published_size_and_strides_4_to_32(
    config: BackboneConfig, channels: tuple[int, ...], parameters: int
) -> None:
    register_trunks()
    trunk = make_backbone(config)
    features = trunk(keras.KerasTensor((1, 64, 96, 3)))
    assert [feature.shape for feature in features] == [
        (1, 64 // stride, 96 // stride, width) for stride, width in zip((4, 8, 16, 32), channels, strict=True)
    ]
    assert trunk.count_params() == parameters


@pytest.mark.parametrize("preset", [compact_mobilenet, compact_squeezenet])
def test_a_config_comes_back_from_json_as_it_went(preset: object) -> None:
    config = preset()  # type: ignore[operator]
    assert MaskRCNNConfig.from_json(config.to_json()) == config


def test_settings_may_name_them_once_they_are_registered(tmp_path: object) -> None:
    register_trunks()
    settings = TrainSettings(data=tmp_path, output=tmp_path, network="compact_mobilenet")  # type: ignore[arg-type]
    assert network_config(settings, {1: "cone"}).backbone.kind == "mobilenet_v2"
